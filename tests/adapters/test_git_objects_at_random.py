"""Whatever is announced and asked, in any order: the answers are those of a `git cat-file` for each."""

import random
import subprocess

import pytest

from tests.support.repository import repository

TREE = {
    "a": "one",
    "empty": "",
    "dir/b": "two",
    "dir/deep/c": "three",
    "dir/deep/line\nfeed missing\n": "odd",
    "large": "0 blob 1\n" * 20_000,
}
NOT_THERE = [
    "none",
    "dir",
    "dir/deep",
    "part",
    "a/b",
    "part/x",
    "dir/none",
    "none/none",
    "../a",
    "./a",
    "dir/",
    "",
]


@pytest.fixture(scope="module")
def work(tmp_path_factory):
    work = repository(tmp_path_factory.mktemp("random") / "work").write(TREE).commit()
    work.git("update-index", "--add", "--cacheinfo", f"160000,{work.head},part")
    work.git("commit", "--quiet", "--message", "Take part")
    return work.write({"a": "later", "dir/b": None}).commit()


def plain(work, place):
    """What a `git cat-file` of its own says."""
    asked = ["git", "cat-file", "blob", ":".join(place)]
    done = subprocess.run(asked, cwd=work.path, capture_output=True, check=False)
    return None if done.returncode else done.stdout


@pytest.fixture(scope="module")
def expected(work):
    commits = [work.head, work.sha("HEAD~1"), "0" * 40]
    places = [(commit, path) for commit in commits for path in (*TREE, *NOT_THERE)]
    return {place: plain(work, place) for place in places}


@pytest.mark.parametrize("walked", [False, True])
def test_answers_do_not_depend_on_what_was_announced(work, expected, git_in, walked):
    chance, git, places = random.Random(20), git_in(work.path), [*expected]
    assert len([each for each in expected.values() if each is not None]) == 13
    if walked:
        git.tree(work.head)
    for _ in range(40):
        announced = chance.choices(places, k=chance.randrange(12))
        git.announce(announced)
        asked = [each for each in announced if chance.random() < 0.8] + chance.choices(places, k=3)
        if chance.random() < 0.3:
            chance.shuffle(asked)
        for each in asked:
            assert git.blobs([each]) == [expected[each]], each
        assert git.blobs(asked) == [expected[each] for each in asked]
