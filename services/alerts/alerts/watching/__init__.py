"""What Prometheus sees: one snapshot, taken from the database, served from memory."""
