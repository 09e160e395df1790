"""Every id that a message can end with has a page."""

import ast
from collections.abc import Iterator
from pathlib import Path

import mlci
from mlci.app.explain import pages_of
from mlci.cli.explain import BOOKS
from tests.support.program import run_here

SOURCE = Path(mlci.__file__).parent
KNOWN = {page.id for book in BOOKS.glob("*.md") for page in pages_of(book.read_text("utf-8"), "error")}


def ids_in(tree: ast.AST) -> Iterator[str]:
    """The constant ids that code gives to errors and problems."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if name.endswith(("Error", "Problem")):
            yield from (_text(word.value) for word in node.keywords if word.arg == "id")
        if name == "add" and len(node.args) == 3:
            yield _text(node.args[1])


def _text(node: ast.expr) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def used_ids() -> dict[str, str]:
    return {
        each: str(file.relative_to(SOURCE))
        for file in sorted(SOURCE.rglob("*.py"))
        for each in ids_in(ast.parse(file.read_text("utf-8")))
        if each
    }


def test_every_id_has_a_page() -> None:
    missing = {each: file for each, file in used_ids().items() if each not in KNOWN}

    assert missing == {}


def test_no_page_is_written_twice() -> None:
    ids = [page.id for book in BOOKS.glob("*.md") for page in pages_of(book.read_text("utf-8"), "error")]

    assert sorted(ids) == sorted(set(ids))


def test_a_page_is_printed() -> None:
    said = run_here("explain", "usage")

    assert said.code == 0
    assert said.stdout.startswith("usage (error)\n\nThe command line does not fit together")
