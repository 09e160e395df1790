"""How many columns of a terminal a text takes, and text cut, wrapped or filled up to so many."""

from collections.abc import Iterator, Sequence

from mlci.core.printable import MARK, disarmed, is_command

_MARKS = frozenset({"Mn", "Me"})


def columns(text: str) -> int:
    """Return how many columns a text takes: two a wide letter, none a mark on the letter before."""
    return len(text) if text.isascii() else sum(map(_width, text))


def cut(text: str, width: int | None) -> str:
    """Return a text in at most `width` columns, cut with `…`; without a width as it is."""
    if width is None or columns(text) <= width:
        return text
    kept = next(_pieces(text, width - 1))
    return f"{kept}…" if columns(kept) < width else "…"


def narrowed(widths: Sequence[int], room: int, least: Sequence[int]) -> list[int]:
    """Return widths that fit into the room, as far as none is below its least: the widest gives way first."""
    found = list(widths)
    while (over := sum(found) - room) > 0:
        wide = sorted((at for at, width in enumerate(found) if width > least[at]), key=lambda at: -found[at])
        if not wide:
            break
        at, next_one = wide[0], found[wide[1]] if len(wide) > 1 else 0
        found[at] -= min(over, max(1, found[at] - max(least[at], next_one)))
    return found


def filled(text: str, width: int) -> str:
    """Return a text with blanks behind it up to `width` columns."""
    return text + " " * (width - columns(text))


def wrapped(text: str, width: int) -> list[str]:
    """Return lines of at most `width` columns; a word breaks only where it fits on no line."""
    if columns(text) <= width:
        return [text]
    lines, line, room = [], "", width
    for word in filter(None, text.split(" ")):
        size = columns(word)
        if line and size < room:
            line, room = f"{line} {word}", room - size - 1
            continue
        lines += [line] if line else []
        *whole, line = _pieces(word, width)
        lines += whole
        room = width - columns(line)
    return [*lines, line]


def fitted(text: str, width: int) -> list[str]:
    """Return lines like `wrapped`, which take no more columns when they are made printable either."""
    calm = disarmed(text)
    lines = wrapped(calm, width)
    return wrapped(calm, width - len(MARK)) if any(map(is_command, lines)) else lines


def _pieces(text: str, width: int) -> Iterator[str]:
    """A text in parts of at most `width` columns, though never less than a letter each."""
    start, used = 0, 0
    for at, letter in enumerate(text):
        size = _width(letter)
        if used + size > width and at > start:
            yield text[start:at]
            start, used = at, 0
        used += size
    yield text[start:]


def _width(letter: str) -> int:
    import unicodedata  # noqa: PLC0415 - most texts are ASCII

    if unicodedata.category(letter) in _MARKS:
        return 0
    return 2 if unicodedata.east_asian_width(letter) in "WF" else 1
