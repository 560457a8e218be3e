"""The statements of judging, one in each file."""
