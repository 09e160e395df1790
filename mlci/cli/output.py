"""What people and programs read: the answer on stdout, complaints on stderr, nothing untrusted raw."""

import sys
from collections.abc import Sequence
from enum import Enum
from typing import TYPE_CHECKING, TextIO

import click
from msgspec import Struct

from mlci.core.columns import columns, cut, filled, narrowed
from mlci.core.printable import escaped, printable, printable_lines
from mlci.wiring import World

if TYPE_CHECKING:
    from mlci.core.strictjson import JsonValue

WIDTH = 80
_GAP = "  "


class Tone(Enum):
    """How a word is meant; a terminal shows it by colour, anything else by the word alone."""

    PLAIN = ""
    GOOD = "green"
    CAUTION = "yellow"
    BAD = "red"
    FAINT = "bright_black"
    STRONG = "bold"


_REPORTED = {"good": Tone.GOOD, "warn": Tone.CAUTION, "bad": Tone.BAD}


class Output(Struct, frozen=True, kw_only=True):
    """Prints a command's answer. With `json`, that answer is one strict JSON document."""

    json: bool = False
    quiet: bool = False
    color: bool = False
    width: int = WIDTH
    terminal: bool = False

    @classmethod
    def of(cls, world: World) -> "Output":
        """The output that the world's settings and stdout ask for."""
        terminal = sys.stdout.isatty()
        return cls(
            json=world.settings.json,
            quiet=world.settings.quiet,
            color=world.color and terminal,
            width=_columns() if terminal else WIDTH,
            terminal=terminal,
        )

    @property
    def room(self) -> int | None:
        """The width that lines are cut at: a terminal's; None in a pipe, where nothing may be lost."""
        return self.width if self.terminal else None

    def answer(self, value: "JsonValue", text: str) -> None:
        """Print the answer: `value` as JSON where that was asked for, else `text`, as it is."""
        if self.json:
            self.document(value)
        else:
            self.raw(text if text.endswith("\n") or not text else text + "\n")

    def document(self, value: "JsonValue") -> None:
        """Print one strict JSON document: an object, which says by `schema` what form it has."""
        if not isinstance(value, dict):
            raise TypeError("only an object can say what form it has")
        self.foreign({"schema": 1, **value})

    def foreign(self, value: "JsonValue") -> None:
        """Print a JSON document whose form is somebody else's."""
        from mlci.core.strictjson import dumps

        self.written(dumps(value))

    def written(self, document: str) -> None:
        """Print a JSON document that is written already, safe for a terminal and for a CI job's log."""
        # `##[` inside a string would be read as a command there.
        self.raw(escaped(document).replace("##[", "#\\u0023["))

    def line(self, text: str = "", tone: Tone = Tone.PLAIN) -> None:
        """Print one line of the answer, made printable."""
        self.raw(self.styled(text, tone) + "\n")

    def raw(self, text: str) -> None:
        """Print text as it is: a file's content, a script, something already made printable."""
        sys.stdout.write(text)

    def lines(self, lines: Sequence[str]) -> str:
        """Lines as the text of an answer, each made printable."""
        return "".join(f"{printable(each)}\n" for each in lines)

    def note(self, text: str) -> None:
        """Tell the reader something beside the answer, on stderr; `--quiet` drops it."""
        if not self.quiet:
            sys.stderr.write(printable_lines(text) + "\n")

    def styled(self, text: str, tone: Tone) -> str:
        """The text made printable, in its tone where colour is shown."""
        return style(printable(text), tone, color=self.color)

    def painted(self, text: str, tone: str) -> str:
        """A word of a report in its tone, `good`, `warn` or `bad`, where colour is shown."""
        return style(text, _REPORTED[tone], color=self.color)

    def table(self, head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Print a table no wider than the terminal; the widest columns are cut first, with `…`."""
        self.raw(table(head, rows, width=self.room, color=self.color))


def style(text: str, tone: Tone, *, color: bool) -> str:
    """The text in its tone, or as it is without colour."""
    if not color or tone is Tone.PLAIN:
        return text
    return click.style(text, bold=True) if tone is Tone.STRONG else click.style(text, fg=tone.value)


def table(
    head: Sequence[str], rows: Sequence[Sequence[str]], *, width: int | None = WIDTH, color: bool = False
) -> str:
    """A table as text: a head line, then one line a row, columns two blanks apart; no width, no cuts."""
    cells = [[printable(cell) for cell in row] for row in rows]
    natural = [max(map(columns, column)) for column in zip(head, *cells, strict=True)]
    room = sum(natural) if width is None else width - len(_GAP) * (len(natural) - 1)
    fitted = narrowed(natural, room, [1] * len(natural))
    first = style(_row(head, fitted), Tone.STRONG, color=color)
    return "".join(f"{line}\n" for line in [first, *(_row(row, fitted) for row in cells)])


def complain(text: str, stream: TextIO | None = None) -> None:
    """Write a complaint to stderr, made printable; `--quiet` does not silence it."""
    (stream or sys.stderr).write(printable_lines(text) + "\n")


def _row(cells: Sequence[str], widths: Sequence[int]) -> str:
    return _GAP.join(filled(cut(cell, size), size) for cell, size in zip(cells, widths, strict=True)).rstrip()


def _columns() -> int:
    import shutil

    return shutil.get_terminal_size((WIDTH, 24)).columns
