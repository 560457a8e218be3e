"""The event feed: pages out of one service, pages into another."""
