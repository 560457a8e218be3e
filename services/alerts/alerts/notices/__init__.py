"""Word to people: an outbox, robots, mail, a bureau's own system."""
