"""Every id that a message can end with has a page."""

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

import mlci
from mlci.app.explain import pages_of
from mlci.cli.explain import BOOKS
from mlci.core.diff import MetricVerdict
from tests.support.program import run_here

KEBAB = re.compile(r"[a-z0-9]+(-[a-z0-9]+)+")
SOURCE = Path(mlci.__file__).parent
KNOWN = {page.id for book in BOOKS.glob("*.md") for page in pages_of(book.read_text("utf-8"), "error")}


def ids_in(tree: ast.AST) -> Iterator[str]:
    """The constant ids in a module: given to errors and problems, or kept in a table of refusals."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield from (word for each in _ids_of_call(node) for word in _words(each))
        if isinstance(node, ast.Tuple) and len(node.elts) == 3:
            first, said, _ = ("".join(_words(each)) for each in node.elts)
            if KEBAB.fullmatch(first) and " " in said:
                yield first


def _ids_of_call(call: ast.Call) -> Iterator[ast.expr]:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    if name.endswith(("Error", "Problem", "Refusal")):
        yield from (each.value for each in call.keywords if each.arg == "id")
    if name in {"_problem", "_stop"}:
        yield from call.args[:1]
    if name == "add" and len(call.args) == 3:
        yield call.args[1]


def _words(node: ast.expr) -> list[str]:
    if isinstance(node, ast.IfExp):
        return [*_words(node.body), *_words(node.orelse)]
    return [node.value] if isinstance(node, ast.Constant) and isinstance(node.value, str) else []


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


CHECK = re.compile(r"(diff|pipeline|data|model|bias|load)\.[a-z]+(_[a-z]+)*")
FILES = re.compile(r".*\.(py|json|yaml|html|md)")


def test_every_check_has_a_page_that_a_program_finds() -> None:
    used = {
        node.value
        for file in SOURCE.rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
        if CHECK.fullmatch(node.value) and not FILES.fullmatch(node.value)
    }
    assert {"diff.verdict", "pipeline.lock", "bias.readable"} <= used
    pages = json.loads(run_here("explain", "--json").stdout)

    assert used - set(pages["check"]) == set()


def test_every_verdict_has_a_page() -> None:
    pages = json.loads(run_here("explain", "--json").stdout)

    assert {each.value for each in MetricVerdict} | {"may_drop", "margin", "interval", "drift"} <= set(
        pages["word"]
    )
