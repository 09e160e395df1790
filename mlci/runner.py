"""What a child in the USER's environment executes. Standard library only; imports nothing of mlci."""
