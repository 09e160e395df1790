"""CI providers, one folder each, all pure: a CI-neutral pipeline in, files out."""
