"""What the tests stand on: a database per module, builders, and readable tables."""
