"""What is wrong with a file, and how it is told: place, sentence, id, the line itself, what to do next."""

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from msgspec import Struct

from mlci.core.printable import printable
from mlci.errors import ConfigError, MlciError

SHOWN = 50  # a hostile file must not turn into a hostile report
_WIDTH = 100
_QUOTABLE = 1024 * 1024  # lines are quoted from the first MiB; beyond it the place alone is told
_BREAK = "\r\n|[\n\r\x85\u2028\u2029]"  # what YAML counts as the end of a line
_TOKEN = r"""(["']).*?\1|[^\s:,\[\]{}#]+"""


class Mark(NamedTuple):
    """A place in a text, counted from 1. Line 0 means the file as a whole."""

    # A tuple of numbers is nothing to the garbage collector, and a large lock file has a million marks.

    line: int
    column: int


WHOLE_FILE = Mark(line=0, column=0)


class Problem(Struct, frozen=True, kw_only=True):
    """One thing that is wrong with a file, and where. `width` 0 leaves the caret's length to the line."""

    id: str
    message: str
    mark: Mark
    path: str = ""
    help: str = ""
    width: int = 0


def config_error(name: str, content: bytes, problems: Sequence[Problem]) -> ConfigError:
    """The error that tells all problems of one file, in the file's order."""
    ordered = sorted(problems, key=lambda each: (each.mark.line, each.mark.column, each.id))
    told = printed(name, content, ordered[:SHOWN])
    first = ordered[0]
    count = "1 problem" if len(ordered) == 1 else f"{len(ordered)} problems"
    more = "" if len(ordered) <= SHOWN else f", the first {SHOWN} are shown"
    return ConfigError(
        f"{shown(name)} has {count}{more}",
        id=first.id if len(ordered) == 1 else "configuration-invalid",
        where=_place(shown(name), first.mark),
        help=f"correct {'it' if len(ordered) == 1 else 'them'}; `mlci explain {first.id}` says more",
        problems=told,
    )


def printed(name: str, content: bytes, problems: Iterable[Problem]) -> tuple[str, ...]:
    """Each problem as the lines a person reads."""
    lines = re.split(_BREAK, content[:_QUOTABLE].decode("utf-8-sig", errors="replace"))
    return tuple(_printed(shown(name), lines, problem) for problem in problems)


def in_a_line(error: MlciError, name: str) -> str:
    """What is wrong with a file and where, in one line: `m.json:3:1: the key 'a' stands twice`."""
    if isinstance(error, ConfigError) and error.problems:
        return error.problems[0].partition("\n")[0]
    return f"{error.where or shown(name)}: {error.message}"


def shown(text: str, limit: int = 200) -> str:
    """Text from outside, made safe for a terminal: one line, nothing invisible, cut to a length."""
    cut = text if len(text) <= limit else text[: limit - 1] + "…"
    return printable(cut)


def quoted(text: str) -> str:
    """Text from outside inside a sentence."""
    return f"'{shown(text, 60)}'"


def inert(text: str) -> str:
    """Text from outside inside a sentence in which `so quoted` words are code: it is to quote none."""
    return text.replace("`", "'")


def did_you_mean(word: str, valid: Iterable[str], noun: str = "choose from") -> str:
    """The help line for a word that is not among the valid ones."""
    import difflib

    known = sorted(valid)
    lower = {each.lower(): each for each in known}
    close = difflib.get_close_matches(word[:80].lower(), lower, n=1, cutoff=0.6)
    guess = f"did you mean {quoted(lower[close[0]])}? " if close else ""
    listed = ", ".join(shown(each, 60) for each in known[:30]) + (", …" if len(known) > 30 else "")
    return f"{guess}{noun}: {listed or 'none'}"


def _printed(name: str, lines: Sequence[str], problem: Problem) -> str:
    line, column = problem.mark.line, problem.mark.column
    head = f"{_place(name, problem.mark)}: {problem.message} [{problem.id}]"
    source = lines[line - 1] if 0 < line <= len(lines) else ""
    shift = max(0, column - _WIDTH // 2) if len(source) > _WIDTH else 0
    window = source[shift : shift + _WIDTH].replace("\t", " ")
    token = re.compile(_TOKEN).match(source, column - 1)
    carets = problem.width or (len(token[0]) if token else 1)
    before = shown(window[: column - 1 - shift])
    gutter = " " * len(str(line))
    parts = [head]
    if window.strip():
        caret = " " * len(before) + "^" * min(carets, max(1, _WIDTH - (column - 1 - shift)))
        parts += [f"  {line} | {shown(window)}", f"  {gutter} | {caret}"]
    if problem.help:
        parts.append(f"help: {problem.help}")
    return "\n".join(parts)


def _place(name: str, mark: Mark) -> str:
    return name if mark == WHOLE_FILE else f"{name}:{mark.line}:{mark.column}"
