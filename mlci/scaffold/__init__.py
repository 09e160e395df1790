"""Templates and answers in, a plan of writes out."""
