"""Deposits: entries that the bank booked, and the contracts they belong to."""
