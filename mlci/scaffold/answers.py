"""What `mlci init` asks: each answer checked before anything is made of it."""

import keyword
import re
import sys

from msgspec import Struct

from mlci.errors import UsageError

PROVIDERS = ("github", "gitlab")

# A name that YAML reads as something else could not stand in a file without quotes.
_WORDS = "false|n|no|null|off|on|true|y|yes"
_NAME = (
    re.compile(rf"(?!(?:{_WORDS})\Z)[a-z](?:[a-z0-9_-]{{0,62}}[a-z0-9])?", re.ASCII),
    "small letters, digits, - and _, a letter first, 64 at most, and no word such as `true`",
)
_BRANCH = r"(?!.*(?:\.\.|//|/\.|\.lock(?:/|$)))[A-Za-z0-9](?:[A-Za-z0-9._/-]{0,98}[A-Za-z0-9])?"
_QUESTIONS = {
    "name": _NAME,
    "model": _NAME,
    "provider": (re.compile("|".join(PROVIDERS)), " or ".join(PROVIDERS)),
    "providers": (re.compile("(?:{0})(?:,(?:{0}))*".format("|".join(PROVIDERS))), ",".join(PROVIDERS)),
    "branch": (
        re.compile(
            r"(?!.*(?:\.\.|//|/\.|\.lock(?:/|$)))[A-Za-z0-9](?:[A-Za-z0-9._/-]{0,98}[A-Za-z0-9])?", re.ASCII
        ),
        "letters, digits, `.`, `_`, `-` and single `/`",
    ),
    "python": (
        re.compile(r"[^\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]{1,400}"),
        "a path on one line, such as .venv/bin/python",
    ),
}

# Directories of the project, and packages its code imports: a package of the same name would hide them.
_TAKEN = frozenset(
    {"contracts", "data", "environments", "models", "reports", "tests"}
    | {"fastapi", "mlci", "numpy", "polars", "pydantic", "pytest", "sklearn", "skops", "threadpoolctl"}
    | {"dvc", "starlette", "uvicorn", "yaml"}
)


class Answers(Struct, frozen=True, kw_only=True):
    """The answers. Raises UsageError, naming the option, for one that cannot be used."""

    name: str
    model: str
    providers: tuple[str, ...] = PROVIDERS
    branch: str = "main"
    python: str | None = None

    def __post_init__(self) -> None:
        for question in ("name", "model", "branch"):
            check(question, getattr(self, question))
        if self.python is not None:
            check("python", self.python)
        for each in self.providers:
            check("provider", each)

    @property
    def package(self) -> str:
        """The Python package that the project's name makes, without hiding one that exists."""
        package = self.name.replace("-", "_")
        hides = keyword.iskeyword(package) or package in sys.stdlib_module_names or package in _TAKEN
        return f"{package}_model" if hides else package


def check(question: str, answer: str) -> str:
    """The answer to one question. Raises UsageError when it cannot be used."""
    pattern, means = _QUESTIONS[question]
    if not pattern.fullmatch(answer):
        raise UsageError(
            f"{answer!r} cannot be used as --{question}",
            id="answer-refused",
            where=f"--{question}",
            help=f"use {means}",
        )
    return answer


def name_from(directory: str) -> str:
    """The project name that a directory's name proposes; it can be used, whatever the directory is called."""
    words = re.sub(r"[^a-z0-9_]+", "-", directory.lower()).strip("-_")
    proposed = words.lstrip("-_0123456789") or f"project-{words}"
    name = proposed[:64].rstrip("-_")
    return name if _NAME[0].fullmatch(name) else f"project-{name}"
