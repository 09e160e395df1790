"""A report in, text out: one file a format."""
