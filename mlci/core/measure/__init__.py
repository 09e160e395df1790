"""From predictions to verdicts: the only room with arrays."""
