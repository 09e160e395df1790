"""The hands: the only rooms where mlci touches files, processes, Git, DVC and the clock."""
