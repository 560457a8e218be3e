"""What mirroring costs: a whole register, a day's changes, a sheet, and looking up."""
