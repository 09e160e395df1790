"""Find the page of a word: an error, a check, a gate, a command or a concept."""

import re
from collections.abc import Iterable, Iterator

from msgspec import Struct

from mlci import gates
from mlci.errors import UsageError

_HEADING = re.compile(r"^## (.+)$", re.MULTILINE)


class Page(Struct, frozen=True, kw_only=True):
    """What there is to say about one word."""

    id: str
    kind: str
    text: str


def pages_of(book: str, kind: str) -> Iterator[Page]:
    """The pages of a Markdown text: one for each id of a second-level heading (`## one, another`)."""
    _, *parts = _HEADING.split(book)
    for heading, text in zip(parts[::2], parts[1::2], strict=True):
        for word in heading.split(","):
            yield Page(id=word.strip(), kind=kind, text=text.strip())


def gate_pages() -> Iterator[Page]:
    """The pages that the gates bring: each gate's own and one for each of its checks."""
    for gate in map(gates.gate, gates.ids()):
        checks = "\n".join(f"- {check.id}: {check.title}" for check in gate.checks)
        yield Page(id=gate.id, kind="gate", text=f"{gate.title}\n\nIts checks:\n\n{checks}")
        for check in gate.checks:
            yield Page(id=check.id, kind="check", text=f"{check.title}\n\n{check.page.strip()}")


def explain(word: str, pages: Iterable[Page]) -> tuple[Page, ...]:
    """Every page of a word: a gate may share its name with a command. Raises UsageError for none."""
    known = tuple(pages)
    wanted = word.strip("[]").lower()
    found = tuple(page for page in known if page.id.lower() == wanted)
    if not found:
        raise UsageError(f"there is no page for {word!r}", id="explain-unknown", help=_nearest(wanted, known))
    return found


def _nearest(word: str, known: tuple[Page, ...]) -> str:
    import difflib

    near = difflib.get_close_matches(word, [page.id.lower() for page in known], n=1, cutoff=0.6)
    return f"did you mean `mlci explain {near[0]}`? Else: mlci explain" if near else "mlci explain"
