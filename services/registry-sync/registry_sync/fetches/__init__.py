"""What sources really said, byte by byte."""
