"""GitLab CI."""

from mlci.ci.gitlab.context import context_from, detected

__all__ = ["context_from", "detected"]
