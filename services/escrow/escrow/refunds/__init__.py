"""Refunds: a contract's remaining money back to where it came from."""
