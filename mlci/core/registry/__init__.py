"""Versions and environments: tags, what they fold to, and the journal beside them."""
