"""`python -m alerts export`: the one process that shows cases and aggregates to Prometheus."""
