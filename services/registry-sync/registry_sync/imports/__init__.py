"""Sheets that bureaus publish: previewed, and applied when an officer accepts."""
