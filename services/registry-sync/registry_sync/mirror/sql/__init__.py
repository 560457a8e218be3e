"""Statements of the mirror, one a file."""
