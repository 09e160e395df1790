"""GitHub Actions."""

from collections.abc import Mapping

from mlci.ci.github.context import PUSH_TOKENS, after_push, context_from, detected, git_settings
from mlci.ci.github.workflows import files, owns
from mlci.core.pipeline import Pipeline

__all__ = [
    "PUSH_TOKENS",
    "after_push",
    "context_from",
    "detected",
    "files",
    "git_settings",
    "missing_line",
    "owns",
    "seeds",
]


def seeds() -> Mapping[str, bytes]:
    """Nothing: GitHub finds workflows by their folder."""
    return {}


def missing_line(_pipeline: Pipeline, _path: str, _content: bytes) -> None:
    """Nothing ever: there are no seeds."""
