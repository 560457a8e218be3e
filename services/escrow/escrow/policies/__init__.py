"""A place's rules: preset files, read once at start, shown by version."""
