"""`mlci explain`: the page of any word that mlci uses."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mlci.cli import completing
from mlci.cli.output import Output, Tone
from mlci.cli.verb import verb
from mlci.wiring import World

if TYPE_CHECKING:
    from mlci.app.explain import Page
    from mlci.core.strictjson import JsonValue

BOOKS = Path(__file__).parent / "pages"
KINDS = {"words": "word", "checks": "check"}


@verb("mlci explain project-missing", "mlci explain verdict", "mlci explain data.missing")
@click.argument("word", required=False, metavar="[ID]", shell_complete=completing.pages)
def command(world: World, out: Output, word: str | None) -> None:
    """Explain an error, a check, a gate, a command or a word of mlci; without ID, list them."""
    from mlci.app.explain import explain

    if word is None:
        _list(out, sorted({(page.kind, page.id) for page in all_pages()}))
        return
    found = explain(word, all_pages())
    text = "\n\n".join(f"{out.styled(page.id, Tone.STRONG)} ({page.kind})\n\n{page.text}" for page in found)
    pages: list[JsonValue] = [{"id": page.id, "kind": page.kind, "text": page.text} for page in found]
    out.answer({"pages": pages}, text)


def all_pages() -> "Iterator[Page]":
    """Every page there is: those of this room's books, of the gates and of the commands."""
    from mlci.app.explain import gate_pages, pages_of

    for book in sorted(BOOKS.glob("*.md")):
        yield from pages_of(book.read_text(encoding="utf-8"), KINDS.get(book.stem, "error"))
    yield from gate_pages()
    yield from _command_pages()


def _command_pages() -> "Iterator[Page]":
    from mlci.app.explain import Page

    context = click.get_current_context().find_root()
    program = context.command
    if isinstance(program, click.Group):
        for name in program.list_commands(context):
            if each := program.get_command(context, name):
                usage = each.get_help(click.Context(each, info_name=name, parent=context))
                yield Page(id=name, kind="command", text=usage)


def _list(out: Output, words: list[tuple[str, str]]) -> None:
    kinds: dict[str, list[str]] = {}
    for kind, word in words:
        kinds.setdefault(kind, []).append(word)
    paragraphs = [
        f"{out.styled(f'{kind}s', Tone.STRONG)}\n{click.wrap_text(', '.join(ids), out.width, '  ', '  ')}"
        for kind, ids in kinds.items()
    ]
    out.answer({kind: list(ids) for kind, ids in kinds.items()}, "\n".join(paragraphs))
