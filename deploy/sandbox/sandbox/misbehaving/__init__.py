"""Institutions that misbehave on request: what each failure does, and who plays it."""
