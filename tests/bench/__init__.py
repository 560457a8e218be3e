"""Lessons per second and latency over HTTP, against durable commits on the same machine."""
