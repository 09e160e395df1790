"""How two sides differ: which two they are, what moved between them, and what that amounts to."""
