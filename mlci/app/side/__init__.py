"""What one side of a comparison holds: a commit's files, the outputs behind them, and their tables."""
