"""What DVC's files say, and which of its stages must run."""
