"""GitLab CI."""

from collections.abc import Mapping

from mlci.ci.gitlab.context import PUSH_TOKENS, after_push, context_from, detected, git_settings
from mlci.ci.gitlab.jobs import files, owns, path_of
from mlci.ci.yamltext import dump
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

_ENTRY = ".gitlab-ci.yml"
_ALL_OURS = ".gitlab/mlci-*.yml"


def seeds() -> Mapping[str, bytes]:
    """The entry file, for repositories that have none: one pipeline a change, with mlci's jobs in it."""
    document = dump(
        {
            "include": [{"local": _ALL_OURS}],
            "workflow": {
                "auto_cancel": {"on_new_commit": "interruptible"},
                "rules": [
                    {"if": '$CI_PIPELINE_SOURCE == "merge_request_event"'},
                    {"if": "$CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH"},
                    {"if": "$CI_COMMIT_TAG"},
                ],
            },
        },
        header=("Yours: `mlci sync` wrote this once and does not touch it again.",),
    )
    return {_ENTRY: document}


def missing_line(pipeline: Pipeline, path: str, content: bytes) -> str | None:
    """The include that an entry file needs and does not have."""
    wanted = path_of(pipeline)
    known = path != _ENTRY or any(name.encode() in content for name in (wanted, _ALL_OURS))
    return None if known else f"include: [{{local: {wanted}}}]"
