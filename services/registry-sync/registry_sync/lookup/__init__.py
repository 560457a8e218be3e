"""Looking an institution up: for everybody, and in full for those with a key."""
