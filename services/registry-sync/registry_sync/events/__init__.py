"""The feed out."""
