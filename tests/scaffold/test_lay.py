"""Laying files down adds what is missing and touches no line that stands."""

import pytest

from mlci.core.plan import Change
from mlci.scaffold.lay import lay


def laid(wanted, stands):
    return lay(wanted, stands.get)


def test_what_is_missing_is_created_and_the_configuration_comes_last():
    layout = laid({"mlci.yaml": b"m", "z.py": b"z", "a/b": b"b"}, {})
    assert [(each.path, each.change) for each in layout.plan.files] == [
        ("a/b", Change.CREATE),
        ("z.py", Change.CREATE),
        ("mlci.yaml", Change.CREATE),
    ]


def test_what_stands_is_kept_and_told_when_it_differs():
    layout = laid({"README.md": b"ours", "same": b"same"}, {"README.md": b"theirs", "same": b"same"})
    assert layout.kept == ("README.md",)
    assert [each.change for each in layout.plan.files] == [Change.KEEP]


@pytest.mark.parametrize("end", [b"", b"\n", b"\r\n"])
def test_lines_are_added_to_a_list_of_lines(end):
    theirs = b"*.pyc\n.venv/" + end
    (write,) = laid({"p/.gitignore": b"# ours\n.venv/\n/.mlci/\n"}, {"p/.gitignore": theirs}).plan.files
    assert write.change is Change.UPDATE
    assert write.content.startswith(theirs)
    assert write.content.splitlines() == [b"*.pyc", b".venv/", b"# ours", b"/.mlci/"]


def test_a_comment_alone_is_no_reason_to_write():
    layout = laid({".gitignore": b"# ours\n.venv/\n"}, {".gitignore": b".venv/"})
    assert layout.plan.pending == ()


def test_laying_twice_changes_nothing_the_second_time():
    wanted = {".gitignore": b"# ours\n/.mlci/\n\n.venv/\n", "a": b"a", "mlci.yaml": b"m"}
    stands = {".gitignore": b".venv/", "a": b"theirs"}
    stands |= {each.path: each.content for each in laid(wanted, stands).plan.pending}
    assert laid(wanted, stands).plan.pending == ()
