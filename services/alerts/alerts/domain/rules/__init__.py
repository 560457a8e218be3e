"""The rules, R01 to R22: each a pure function from what is known to what it finds."""
