"""What auditors read: the trial balance, and what verification found."""
