"""Feeds in: events become facts."""
