"""Mechanism that at least two services use, and no word of policy."""
