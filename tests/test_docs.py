"""What the documents say is what the commands do."""

import ast
import re

import pytest

from tests.support.console import TOP, blocks, documents, regenerated

MAP = (TOP / ".github" / "ARCHITECTURE.md").read_text("utf-8")
README = (TOP / "README.md").read_text("utf-8")


@pytest.mark.parametrize("document", list(documents()), ids=lambda path: path.name)
def test_quick_blocks_print_what_stands_below_them(document) -> None:
    text = document.read_text("utf-8")

    assert regenerated(text, slow=False) == text, "make docs writes what the commands print now"


def with_slow_blocks():
    return [each for each in documents() if any(block.slow for block in blocks(each.read_text("utf-8")))]


@pytest.mark.slow
@pytest.mark.parametrize("document", with_slow_blocks(), ids=lambda path: path.name)
def test_all_blocks_print_what_stands_below_them(document) -> None:
    text = document.read_text("utf-8")

    assert regenerated(text) == text, "make docs writes what the commands print now"


def test_the_readme_has_the_table_of_commands() -> None:
    assert "<!-- commands -->\n" in README
    assert "<!-- /commands -->" in README


def test_every_file_that_a_document_links_to_is_there() -> None:
    for document in documents():
        for target in re.findall(r"\]\((?!https?:|#|mailto:)([^)#]+)", document.read_text("utf-8")):
            assert (document.parent / target).exists(), f"{document.name} links to {target}"


def catches_all(handler: ast.ExceptHandler) -> bool:
    return handler.type is None or (
        isinstance(handler.type, ast.Name) and handler.type.id in {"Exception", "BaseException"}
    )


def test_the_map_names_every_place_that_catches_everything() -> None:
    source = TOP / "mlci"
    found = {
        file.relative_to(source).with_suffix("").as_posix()
        for file in source.rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, ast.ExceptHandler) and catches_all(node)
    }
    assert "__main__" in found
    assert {each for each in found if f"`{each}" not in MAP} == set()
