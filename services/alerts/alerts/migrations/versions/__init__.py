"""Numbered revisions, forward only."""
