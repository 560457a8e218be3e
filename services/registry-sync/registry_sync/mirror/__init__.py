"""What is held of the authorities' words: written in one transaction, read as of any time."""
