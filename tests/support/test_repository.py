"""The builder tells the same story each time, in every kind of repository."""

from datetime import UTC, datetime

import pytest

from tests.support.repository import Link, Repository, repository


def story(path) -> Repository:
    return (
        repository(path)
        .commit({"a.txt": "x", "dir/b": b"\0", "link": Link("a.txt")})
        .branch("topic")
        .commit({"c": "1"}, message="A topic")
        .switch("main")
        .commit({"dir/b": None}, when=datetime(2026, 5, 1, tzinfo=UTC))
        .merge("topic")
        .tag("m@v0.1.0", "First\n\nKey: value\n")
        .tag("light", lightweight=True)
    )


def test_the_same_story_has_the_same_names(tmp_path):
    one, other = story(tmp_path / "one"), story(tmp_path / "other")
    assert one.git("for-each-ref") == other.git("for-each-ref")
    assert one.git("ls-tree", "-r", "--name-only", "HEAD").split() == ["a.txt", "c", "link"]


def test_a_remote_has_everything_and_a_clone_may_be_shallow(tmp_path):
    origin = story(tmp_path / "work").remote()
    assert origin.bare().git("tag").split() == ["light", "m@v0.1.0"]
    shallow = origin.clone(tmp_path / "shallow", depth=1)
    assert shallow.git("rev-list", "--count", "HEAD") == "1"
    assert shallow.head == origin.head


@pytest.mark.slow
def test_a_pipeline_with_data_and_a_remote(tmp_path):
    built = (
        repository(tmp_path / "work")
        .with_dvc("storage")
        .data({"data.txt": "1\n"})
        .stage("copy", "cp data.txt out.txt", deps=["data.txt"], outs=["out.txt"])
        .reproduce(push=True)
    )
    assert (tmp_path / "work-storage").is_dir()
    assert built.git("status", "--porcelain") == ""
    assert "dvc.lock" in built.git("ls-files").split()
