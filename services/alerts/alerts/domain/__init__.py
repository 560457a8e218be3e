"""What is judged and how: pure, without a clock, a database or a network."""
