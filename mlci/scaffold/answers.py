"""What `mlci init` asks: each answer checked before anything is made of it."""

import keyword
import re
import sys
from dataclasses import dataclass

from mlci.errors import UsageError

PROVIDERS = ("github", "gitlab")

_NAME = re.compile(r"[a-z](?:[a-z0-9_-]{0,62}[a-z0-9])?", re.ASCII)
_BRANCH = re.compile(
    r"(?!.*(?:\.\.|//|/\.|\.lock(?:/|$)))[A-Za-z0-9](?:[A-Za-z0-9._/-]{0,98}[A-Za-z0-9])?", re.ASCII
)
_PYTHON = re.compile(r"[^\x00-\x1f\x7f-\x9f\u2028\u2029]{1,400}")

# Directories of the project, and packages its code imports: a package of the same name would hide them.
_TAKEN = frozenset(
    {"contracts", "data", "environments", "models", "reports", "tests"}
    | {"fastapi", "mlci", "numpy", "polars", "pydantic", "pytest", "sklearn", "skops", "threadpoolctl"}
    | {"dvc", "starlette", "uvicorn", "yaml"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """The answers. Raises UsageError, naming the option, for one that cannot be used."""

    name: str
    model: str
    providers: tuple[str, ...] = PROVIDERS
    branch: str = "main"
    python: str | None = None

    def __post_init__(self) -> None:
        _check("--name", self.name, _NAME, "a project's name")
        _check("--model", self.model, _NAME, "a model's name")
        _check("--branch", self.branch, _BRANCH, "a branch", "letters, digits, `.`, `_`, `-` and single `/`")
        if self.python is not None:
            _check("--python", self.python, _PYTHON, "a path", "a path on one line, such as .venv/bin/python")
        for each in self.providers:
            _check("--provider", each, re.compile("|".join(PROVIDERS)), "a provider", "github or gitlab")

    @property
    def package(self) -> str:
        """The Python package that the project's name makes, without hiding one that exists."""
        package = self.name.replace("-", "_")
        hides = keyword.iskeyword(package) or package in sys.stdlib_module_names or package in _TAKEN
        return f"{package}_model" if hides else package


def name_from(directory: str) -> str | None:
    """The project name that a directory's name proposes, if it proposes any."""
    words = re.sub(r"[^a-z0-9_]+", "-", directory.lower())
    name = words.lstrip("-_0123456789")[:64].rstrip("-_")
    return name or None


def _check(
    option: str,
    answer: str,
    pattern: re.Pattern[str],
    what: str,
    means: str = "small letters, digits, `-` and `_`, a letter first, at most 64",
) -> None:
    if not pattern.fullmatch(answer):
        raise UsageError(
            f"{answer!r} cannot be used as {what}", id="answer-refused", where=option, help=f"use {means}"
        )
