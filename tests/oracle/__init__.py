"""The rules once more, by brute force: what the tests hold the rules against."""
