"""registry-sync: the authorities' word on every institution, kept without being hurt by it."""
