"""GitHub Actions."""

from mlci.ci.github.context import context_from, detected

__all__ = ["context_from", "detected"]
