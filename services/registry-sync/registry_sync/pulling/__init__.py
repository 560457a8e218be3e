"""The sources: where each stands, and pulling one now."""
