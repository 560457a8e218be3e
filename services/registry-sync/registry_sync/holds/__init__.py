"""What waits for two persons."""
