"""The statements of intake, one in each file."""
