"""Rules, their parameters, backtests and promotion over HTTP."""
