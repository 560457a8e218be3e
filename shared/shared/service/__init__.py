"""What every service does alike as a process: start, refuse to start, and take commands."""
