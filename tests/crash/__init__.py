"""Killing what runs, under load, and asking for the money afterwards."""
