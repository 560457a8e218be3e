"""One look at one source: fetched, compared, judged, applied, or left as it was."""
