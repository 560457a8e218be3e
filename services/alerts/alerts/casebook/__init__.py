"""Cases and everything written of them; the only writer of cases."""
