"""Contracts: what was agreed, and what is left of it."""
