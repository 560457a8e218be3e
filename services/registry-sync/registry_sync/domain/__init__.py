"""What an authority says, what may be believed of it, and what follows. Pure."""
