"""The only writer of money: lock, read, decide, write, in one transaction."""
