"""Releases: one lesson taught, one fee released."""
