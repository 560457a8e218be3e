"""A simulated year of a city's institutions: what the rules catch, when, and at what cost."""
