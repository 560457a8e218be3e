"""Custody: who is supervised, at which bank, above which floor, under which freeze."""
