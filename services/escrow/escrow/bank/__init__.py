"""The bank: instructions out, results in, and nothing sent twice on doubt."""
