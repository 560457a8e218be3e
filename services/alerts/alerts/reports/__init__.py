"""Daily report, dossier, indicators, work ledger."""
