"""One `git cat-file` for every question: names that nothing bears, and what changes while it lives."""

import pytest

from mlci.adapters import git_objects
from mlci.adapters.dialogue import Pipe
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
    "HEAD:../x",
    "HEAD:./../x",
    "HEAD^{commit}:../x",
    ":../x",
    ":0:../x",
    "nobody:../x",
    "nobody@{u}",
    "HEAD@{push}",
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
    "path",
    [
        "../x",
        "..",
        "./../x",
        "./..",
        "dir/../../x",
        "no\nsuch",
        "no\n\nsuch\n",
        "dir",
        "f/g",
        "a missing",
        "x\n0 blob 1",
    ],
)
def test_a_path_that_is_no_file_leaves_the_next_answer_alone(work, git, path):
    head = work.write({"f": "one", "dir/h": "three"}).commit().head
    assert git.blobs([(head, path), (head, "f")]) == [None, b"one"]


def test_a_path_by_steps_inside_is_read(work, git):
    head = work.write({"f": "one", "a:../b": "odd"}).commit().head
    assert git.blobs([(head, "./f"), (head, "./x/../f"), (head, "a:../b")]) == [b"one", b"one", b"odd"]


@pytest.mark.parametrize("path", ["../x", "./../x"])
def test_a_tree_outside_is_none(work, git, path):
    head = work.write({"f": "one"}).commit().head
    assert git.tree(head, path) == []


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


def _object(work, name):
    digest = work.git("rev-parse", name).strip()
    path = work.path / ".git" / "objects" / digest[:2] / digest[2:]
    path.chmod(0o644)
    return digest, path


@pytest.mark.parametrize("damage", ["torn", "empty", "gone"])
@pytest.mark.parametrize("name", ["HEAD:deep/dir/f", "HEAD:deep/dir", "HEAD:deep", "HEAD^{tree}"])
def test_what_a_commit_names_and_git_cannot_read_is_damage(work, git, name, damage):
    head = work.write({"deep/dir/f": "one", "g": "two"}).commit().head
    digest, path = _object(work, name)
    path.unlink() if damage == "gone" else path.write_bytes(b"x" if damage == "torn" else b"")
    with pytest.raises(WorldError, match=digest) as caught:
        git.blobs([(head, "deep/dir/f")])
    assert caught.value.help == "git fsck"
    if name != "HEAD:deep/dir/f":
        with pytest.raises(WorldError, match=digest):
            git.tree(head)
    if name != "HEAD^{tree}":
        assert git.blobs([(head, "g"), (head, "gone")]) == [b"two", None]


def test_an_object_that_breaks_off_is_damage(work, git):
    head = work.write({"f": "".join(map(str, range(100_000))), "g": "two"}).commit().head
    digest, path = _object(work, "HEAD:f")
    content = path.read_bytes()
    path.write_bytes(content[:5000] + bytes(200) + content[5200:])
    with pytest.raises(WorldError, match=digest) as caught:
        git.blobs([(head, "f")])
    assert caught.value.help == "git fsck"
    assert git.blobs([(head, "g")]) == [b"two"]


def test_a_damaged_commit_is_not_taken_for_none(work, git):
    first = work.write({"f": "one"}).commit().head
    work.write({"f": "two"}).commit()
    digest, path = _object(work, first)
    path.write_bytes(b"x")
    with pytest.raises(WorldError, match=digest) as caught:
        git.resolve("HEAD~1")
    assert caught.value.help == "git fsck"


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


def questions(git, monkeypatch):
    """What is said to Git from now on, a turn each."""
    said = []
    talk = git._objects._start

    def start():
        dialogue = talk()
        say = dialogue.say
        monkeypatch.setattr(dialogue, "say", lambda text: (said.append(text), say(text))[1])
        return dialogue

    git._objects.forget()
    monkeypatch.setattr(git._objects, "_start", start)
    return said


def test_a_name_longer_than_a_pipe_takes_is_never_asked(work, git, monkeypatch):
    head = work.write({"f": "one"}).commit().head
    said = questions(git, monkeypatch)
    assert git.resolve("x" * 32_769) is None
    assert said == []
    assert git.blobs([(head, "f")]) == [b"one"]


def test_what_is_announced_costs_one_turn(work, git, monkeypatch):
    head = work.write({f"f{each}": str(each) for each in range(50)}).commit().head
    said = questions(git, monkeypatch)
    names = [(head, f"f{each}") for each in range(50)]
    git.announce(names)
    assert [git.blobs([name]) for name in names] == [[str(each).encode()] for each in range(50)]
    assert len(said) == 1


def test_more_than_a_pipe_takes_is_announced_in_parts(work, git, monkeypatch):
    head = work.write({f"f{each}": str(each) for each in range(1_500)}).commit().head
    said = questions(git, monkeypatch)
    assert git.blobs([(head, f"f{each}") for each in range(1_500)]) == [
        str(each).encode() for each in range(1_500)
    ]
    assert 2 <= len(said) <= 4
    assert max(map(len, said)) <= 32 * 1024


@pytest.mark.parametrize("asked", ["b", "c", "x", "none", "large"])
def test_another_question_than_the_announced_one_is_answered_all_the_same(work, git, asked):
    files = {"a": "A", "b": "B", "large": "L" * 3_000_000, "c": "C", "x": "X"}
    head = work.write(files).commit().head
    git.announce((head, name) for name in ("a", "none", "b", "large", "c"))
    assert git.blobs([(head, "a")]) == [b"A"]
    expected = files[asked].encode() if asked in files else None
    assert git.blobs([(head, asked)]) == [expected]
    assert git.blobs([(head, "c")]) == [b"C"]
    assert git.blobs([(head, "b"), (head, "a")]) == [b"B", b"A"]


def test_a_large_file_that_was_announced_is_refused_and_the_rest_read(work, git):
    head = work.write({"a": "A", "large": "x" * 2_000_000, "c": "C"}).commit().head
    git.announce((head, name) for name in ("a", "large", "c"))
    assert git.blobs([(head, "a")]) == [b"A"]
    with pytest.raises(WorldError, match="larger than 1 MiB"):
        git.blobs([(head, "large")], limit=1024**2)
    assert git.blobs([(head, "c")]) == [b"C"]


def test_what_nobody_wants_is_heard_no_further_than_a_new_child_costs(work, git, monkeypatch):
    head = work.write({"a": "A", "large": "x" * 20_000_000, "c": "C"}).commit().head
    git.announce((head, name) for name in ("a", "large", "c"))
    assert git.blobs([(head, "a")]) == [b"A"]
    taken, take = [], Pipe.take
    monkeypatch.setattr(Pipe, "take", lambda self, size: taken.append(size) or take(self, size))
    assert git.blobs([(head, "c")]) == [b"C"]
    assert max(taken) < 20_000_000


def test_a_tree_of_more_files_than_anybody_keeps_is_refused(work, git, monkeypatch):
    head = work.write({f"d{each}/f": "" for each in range(4)}).commit().head
    monkeypatch.setattr(git_objects, "_MOST_ENTRIES", 4)
    assert len(git.tree(head)) == 4
    monkeypatch.setattr(git_objects, "_MOST_ENTRIES", 3)
    with pytest.raises(WorldError, match="names more than 3 files") as caught:
        git.tree(work.commit().head)
    assert caught.value.id == "tree-too-large"


def test_a_file_of_a_tree_that_was_walked_is_asked_for_by_its_object(work, git, monkeypatch):
    head = work.write({"f": "one", "dir/g": "two"}).commit().head
    git.tree(head)
    said = questions(git, monkeypatch)
    assert git.blobs([(head, "dir/g"), (head, "f"), (head, "none"), (head, "dir")]) == [
        b"two",
        b"one",
        None,
        None,
    ]
    assert head.encode() not in said[0].split(b"\0")[0]


@pytest.mark.parametrize("damage", [b"", b"x"])
def test_damage_is_told_of_a_tree_that_was_walked_too(work, git, damage):
    head = work.write({"f": "one"}).commit().head
    git.tree(head)
    digest, path = _object(work, "HEAD:f")
    path.write_bytes(damage)
    with pytest.raises(WorldError, match=digest):
        git.blobs([(head, "f")])


def test_what_is_missing_costs_little_and_leaves_what_was_asked_ahead(work, git, monkeypatch):
    there = {f"deep/er/f{each}": str(each) for each in range(50)}
    head = work.write(there).commit().head
    said = questions(git, monkeypatch)
    names = [(head, f"deep/er/{kind}{each}") for each in range(50) for kind in "fg"]
    expected = [text for each in range(50) for text in (str(each).encode(), None)]
    assert git.blobs(names) == expected
    assert len(said) == 1 + 4  # the commit and the three trees that could have named them


def test_a_path_may_be_as_deep_as_it_likes(work, git):
    deep = "a/" * 1_500 + "f"
    work.write({"f": "one"}).commit()
    stream = "blob\nmark :1\ndata 3\nend\ncommit refs/heads/main\n"
    stream += f"committer a <a@b> 0 +0000\ndata 0\nM 644 :1 {deep}\n"
    work.git("fast-import", "--quiet", "--force", stdin=stream.encode())
    head = work.head
    assert git.blobs([(head, "a/" * 2_000 + "x"), (head, deep)]) == [None, b"end"]
    assert [each.path for each in git.tree(head)] == [deep]
