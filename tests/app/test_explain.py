"""Pages and how they are found."""

import pytest

from mlci.app.explain import Page, explain, pages_of
from mlci.errors import UsageError

BOOK = "# Title\n\n## check, finding\n\nTwo words.\n\n## no-project\n\nOne error.\n"


def test_a_heading_names_one_page_or_several() -> None:
    assert [(page.id, page.text) for page in pages_of(BOOK, "word")] == [
        ("check", "Two words."),
        ("finding", "Two words."),
        ("no-project", "One error."),
    ]


def test_a_word_is_found_as_it_is_printed_in_messages() -> None:
    assert explain("[No-Project]", pages_of(BOOK, "error"))[0].text == "One error."


def test_one_word_may_have_two_pages() -> None:
    pages = [Page(id="plan", kind=kind, text="") for kind in ("word", "command")]

    assert [page.kind for page in explain("plan", pages)] == ["word", "command"]


def test_an_unknown_word_gets_the_nearest() -> None:
    with pytest.raises(UsageError) as caught:
        explain("no-projct", pages_of(BOOK, "error"))

    assert caught.value.help == "did you mean `mlci explain no-project`? Else: mlci explain"
