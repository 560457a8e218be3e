"""The statements of reports, one in each file."""
