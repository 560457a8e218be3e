"""Pages for those who supervise: the sources, what was fetched, what waits for two persons."""
