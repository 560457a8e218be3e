"""Rules over facts: views out of rows, findings into evaluations and cases."""
