"""What alerts costs at the size of a province."""
