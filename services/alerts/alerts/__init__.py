"""alerts: from a bank entry to a closed case."""
