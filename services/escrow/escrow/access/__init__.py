"""Access: the keys by which parties speak."""
