"""One `git cat-file` for every question: names that nothing bears, and what changes while it lives."""

import pytest

from mlci.errors import WorldError
from tests.support.repository import repository

STRANGE = [
    "0" * 40 + " commit 3\nx",
    "nothing\n",
    "\n",
    "",
    "a\0b",
    "x" * 100_000,
    "@{u}",
    "HEAD@{99}",
    ":/nobody wrote this",
    "HEAD^{nonsense}",
    "--all",
]


@pytest.fixture
def work(tmp_path):
    return repository(tmp_path / "work")


@pytest.fixture
def git(work, git_in):
    return git_in(work.path)


@pytest.mark.parametrize("name", STRANGE)
def test_a_name_that_nothing_bears_leaves_the_next_answer_alone(work, git, name):
    head = work.write({"f": "one", "g": "two"}).commit().head
    assert git.resolve(name) is None
    assert git.blobs([(head, "f"), (head, "g")]) == [b"one", b"two"]


@pytest.mark.parametrize(
    "path", ["../x", "no\nsuch", "no\n\nsuch\n", "dir", "f/g", "a missing", "x\n0 blob 1"]
)
def test_a_path_that_is_no_file_leaves_the_next_answer_alone(work, git, path):
    head = work.write({"f": "one", "dir/h": "three"}).commit().head
    assert git.blobs([(head, path), (head, "f")]) == [None, b"one"]


def test_a_path_with_line_feeds_is_read(work, git):
    head = work.write({"a\nb missing\n": "odd"}).commit().head
    assert git.blobs([(head, "a\nb missing\n")]) == [b"odd"]


def test_a_submodule_is_no_file(work, git):
    work.write({"f": "one"}).commit()
    work.git("update-index", "--add", "--cacheinfo", f"160000,{work.head},part")
    work.git("commit", "--quiet", "--message", "Take part")
    head = work.head
    assert git.blobs([(head, "part"), (head, "f")]) == [None, b"one"]
    assert {each.path: each.mode for each in git.tree(head)}["part"] == "160000"


def test_an_ambiguous_name_is_none(work, git):
    heads = {work.write({"f": str(each)}).commit().head for each in range(40)}
    short = next(each[:1] for each in heads)
    assert git.resolve(short) is None
    assert git.resolve(work.head) == work.head


def test_what_is_too_large_is_refused_and_the_next_question_answered(work, git):
    head = work.write({"large": "x" * 2_000_000, "f": "one"}).commit().head
    with pytest.raises(WorldError, match="large is larger than 1 MiB") as caught:
        git.blobs([(head, "large")], limit=1024**2)
    assert caught.value.id == "file-too-large"
    assert git.blobs([(head, "f")]) == [b"one"]


def test_a_tag_and_a_commit_made_meanwhile_are_seen(work, git):
    first = work.write({"f": "one"}).commit().head
    assert git.resolve("HEAD") == first
    assert git.resolve("v1") is None
    work.git("tag", "v1")
    second = work.write({"f": "two"}).commit().head
    work.git("pack-refs", "--all")
    work.git("gc", "--quiet", "--prune=now")
    assert (git.resolve("v1"), git.resolve("HEAD")) == (first, second)
    assert git.blobs([("HEAD", "f")]) == [b"two"]


def test_the_index_is_read_anew(work, git):
    work.write({"f": "one"}).commit()
    assert git.blobs([(":0", "f")]) == [b"one"]
    work.write({"f": "two"})
    work.git("add", "f")
    assert git.blobs([(":0", "f")]) == [b"two"]


def test_history_that_a_fetch_brought_is_seen(work, git_in, tmp_path):
    first = work.write({"f": "one"}).commit().head
    work.write({"f": "two"}).commit()
    work.git("clone", "--quiet", "--depth", "1", work.path.as_uri(), str(tmp_path / "shallow"))
    git = git_in(tmp_path / "shallow")
    assert git.resolve("HEAD~1") is None
    git.deepen("origin", "refs/heads/main", by=1)
    assert git.resolve("HEAD~1") == first
