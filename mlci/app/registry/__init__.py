"""What the registry's use cases share: the journal, the tags behind it, and what they say of a version."""
