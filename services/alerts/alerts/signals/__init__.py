"""What people and banks tell: tips, inspections, a bank's own warnings."""
