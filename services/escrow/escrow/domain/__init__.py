"""The rules of the book: pure functions over what was read under a lock."""
