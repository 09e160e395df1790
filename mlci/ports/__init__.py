"""What the use cases need from the world, as protocols: one noun a file."""
