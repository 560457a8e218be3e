"""The event feed, out to our own services and whoever operates them."""
