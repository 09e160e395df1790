"""Git, read and written for real, in every state a repository can be in."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from mlci.adapters.git import GitCli
from mlci.adapters.process import ProcessRunner
from mlci.core.registry import trailers
from mlci.core.registry.trailers import Message
from mlci.errors import WorldError
from mlci.ports.git import Person, PushOutcome, RefUpdate
from tests.support.repository import Link, repository

NOON = datetime(2026, 6, 1, 12, tzinfo=timezone(timedelta(hours=2)))
ODD = "a \"b\" 'c'\n\td\\é\udcff"


@pytest.fixture
def work(tmp_path):
    return (
        repository(tmp_path / "work")
        .commit({"a.txt": "one", "dir/b.txt": "two", "link": Link("a.txt")}, message="First\n\nBody: é\n")
        .tag("m@v0.1.0", "Title\n\nKey: value\n\n- not a list\n", when=NOON)
    )


def test_reads_what_stands(work, git_in):
    git = git_in(work.path / "dir")
    assert git.root == work.path
    assert git.branch() == "main"
    assert git.resolve("HEAD") == git.resolve("m@v0.1.0") == work.head
    assert git.resolve("nothing") is git.resolve("--help") is git.resolve("") is None
    assert not git.shallow
    record = git.commit(work.head)
    assert (record.message, record.parents, record.author.name) == ("First\n\nBody: é\n", (), "Ana Tester")
    assert record.when == datetime(2026, 1, 1, 1, tzinfo=UTC)
    assert git.dirty() == []


def test_reads_tags_of_every_kind_in_one_go(work, git_in):
    work.tag("light", lightweight=True).tag("nested", at="m@v0.1.0").tag("päth/x#1")
    work.git("tag", "of-a-blob", "HEAD:a.txt")
    tags = {tag.name: tag for tag in git_in(work.path).tags()}
    assert list(tags) == sorted(["m@v0.1.0", "light", "nested", "päth/x#1"])
    first = tags["m@v0.1.0"]
    assert first.message == "Title\n\nKey: value\n\n- not a list\n"
    assert (first.when, first.tagger) == (NOON, Person(name="Ana Tester", email="ana@example.org"))
    assert not tags["light"].annotated
    assert {tag.commit for tag in tags.values()} == {work.head}


@pytest.mark.parametrize("damage", ["gone", "torn"])
@pytest.mark.parametrize("broken", ["b", "light", "m@v0.1.0"])
def test_a_tag_that_git_cannot_read_stops_no_other(work, git_in, broken, damage):
    first = work.head
    work.tag("a", "Signed\n\n\nlate\n").tag("z", "é\n", when=NOON).tag("b")
    work.git("tag", "of-a-blob", "HEAD:a.txt")
    work.commit({"new": "1"}).tag("light", lightweight=True).commit({"new": "2"})
    work.git("tag", "--annotate", "--message", "x", "nested", "a")
    before = {tag.name: tag for tag in git_in(work.path).tags()}
    path = work.path / ".git" / "objects" / before[broken].object[:2] / before[broken].object[2:]
    path.chmod(0o644)
    path.unlink() if damage == "gone" else path.write_bytes(b"x")
    after = {tag.name: tag for tag in git_in(work.path).tags()}
    assert (after[broken].object, after[broken].commit) == (before[broken].object, "")
    assert list(after) == list(before)
    assert {**after, broken: before[broken]} == before
    assert before["nested"].commit == first


def test_a_date_beyond_the_calendar_is_its_end(work, git_in):
    raw = f"object {work.head}\ntype commit\ntag late\ntagger A <a@b> 99999999999999 +0000\n\nx\n"
    name = work.git("hash-object", "-t", "tag", "-w", "--stdin", "--literally", stdin=raw.encode())
    work.git("update-ref", "refs/tags/late", name)
    late = next(tag for tag in git_in(work.path).tags() if tag.name == "late")
    assert late.when is not None
    assert late.when.year >= 9999


def test_reads_history(work, git_in):
    start = work.head
    work.branch("topic").commit({"t": "1"}).switch("main").commit({"m": "1"}).merge("topic")
    git = git_in(work.path)
    line = git.first_parents("HEAD")
    assert [len(git.commit(each).parents) for each in line] == [2, 1, 0]
    assert len(git.first_parents(work.head, limit=2)) == 2
    assert git.merge_base(work.sha("topic"), work.sha("main^1")) == start
    assert git.is_ancestor(start, work.head)
    assert not git.is_ancestor(work.head, start)


def test_unrelated_histories_have_no_base(work, git_in):
    work.git("switch", "--quiet", "--orphan", "other")
    work.commit({"x": "1"})
    assert git_in(work.path).merge_base("main", "other") is None


@pytest.mark.parametrize("call", ["commit", "first_parents"])
def test_a_commit_that_is_not_here_is_an_error(work, git_in, call):
    with pytest.raises(WorldError) as caught:
        getattr(git_in(work.path), call)("0" * 39 + "1")
    assert caught.value.id == "commit-missing"


def test_reads_blobs_at_any_path(work, git_in):
    work.write({ODD: b"odd\0\n", "empty": b"", "big": b"x" * 3_000_000}).commit()
    head = work.head
    wanted = [
        (head, "a.txt"),
        (head, "gone\n x"),
        (head, ODD),
        (head, "dir"),
        (head, "empty"),
        ("0" * 40, "a"),
        (head, "big"),
    ]
    found = git_in(work.path).blobs(wanted)
    assert found[:6] == [b"one", None, b"odd\0\n", None, b"", None]
    assert found[6] == b"x" * 3_000_000
    assert git_in(work.path).blobs([]) == []


def test_reads_trees(work, git_in):
    work.write({ODD: "odd"}).commit()
    entries = {each.path: each for each in git_in(work.path / "dir").tree("HEAD")}
    assert set(entries) == {"a.txt", "dir/b.txt", "link", ODD}
    assert entries["link"].mode == "120000"
    assert [each.path for each in git_in(work.path).tree("HEAD", "dir/")] == ["dir/b.txt"]


def test_dirty_names_changed_and_new_files(work, git_in):
    work.write({"a.txt": "changed", ODD: "new", "deep/er/x": "new", "dir/b.txt": None})
    assert set(git_in(work.path).dirty()) == {"a.txt", ODD, "deep/er/x", "dir/b.txt"}


def test_writes_a_commit_without_moving_anything(work, git_in):
    git = git_in(work.path)
    before = git.refs("refs/")
    first = git.write_commit({"x/1": b"one\n", ODD: b"\0"}, parent=None, message="Erst é\n", when=NOON)
    second = git.write_commit({"x/1": None, "x/2": b""}, parent=first, message="Second", when=NOON)
    assert git.refs("refs/") == before
    assert [each.path for each in git.tree(second)] == sorted([ODD, "x/2"])
    assert git.blobs([(first, ODD), (first, "x/1")]) == [b"\0", b"one\n"]
    record = git.commit(second)
    assert (record.parents, record.when, record.message) == ((first,), NOON, "Second\n")
    assert git.commit(first).message == "Erst é\n"
    assert first == git.write_commit(
        {"x/1": b"one\n", ODD: b"\0"}, parent=None, message="Erst é\n", when=NOON
    )


def test_a_commit_says_which_files_are_executable(work, git_in):
    git = git_in(work.path)
    files = {"a.txt": b"", "run": b"", "dir/b.txt": None}
    made = git.write_commit(files, parent=work.head, message="x", when=NOON, executable=("run", "dir/b.txt"))
    assert {each.path: each.mode for each in git.tree(made)} == {
        "a.txt": "100644",
        "link": "120000",
        "run": "100755",
    }


def test_writes_a_tag_that_git_reads_as_its_own(work, git_in):
    git = git_in(work.path)
    made = git.write_tag("m@v0.2.0", work.head, "Title\n\n# kept\n\nKey: value\n", when=NOON)
    assert "m@v0.2.0" not in work.git("tag")
    git.update_refs(RefUpdate(ref="refs/tags/m@v0.2.0", new=made, expect=""))
    tag = next(each for each in git.tags() if each.name == "m@v0.2.0")
    assert (tag.object, tag.when, tag.message) == (made, NOON, "Title\n\n# kept\n\nKey: value\n")


def test_a_ref_moves_only_from_where_it_is_expected(work, git_in):
    git, head = git_in(work.path), work.head
    git.update_refs(RefUpdate(ref="refs/mlci/x", new=head, expect=""))
    with pytest.raises(WorldError):
        git.update_refs(RefUpdate(ref="refs/mlci/x", new=head, expect=""))
    git.update_refs(RefUpdate(ref="refs/mlci/x", new=None, expect=head))
    assert git.refs("refs/mlci/") == {}


@pytest.fixture
def signing(work, tmp_path):
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(tmp_path / "key")], check=True)
    for key, value in {
        "gpg.format": "ssh",
        "user.signingKey": str(tmp_path / "key"),
        "tag.gpgSign": "true",
    }.items():
        work.git("config", key, value)
    public = (tmp_path / "key.pub").read_text()
    (tmp_path / "signers").write_text(f"ana@example.org {public}")
    return work


@pytest.mark.skipif(not Path("/usr/bin/ssh-keygen").exists(), reason="needs ssh-keygen")
def test_signs_tags_where_git_is_told_to(signing, git_in, tmp_path):
    git = git_in(signing.path)
    before = git.refs("refs/")
    made = git.write_tag("m@v1.0.0", signing.head, "Title\n", when=NOON)
    assert git.refs("refs/") == before
    git.update_refs(RefUpdate(ref="refs/tags/m@v1.0.0", new=made))
    signing.git("-c", f"gpg.ssh.allowedSignersFile={tmp_path / 'signers'}", "tag", "--verify", "m@v1.0.0")
    tag = next(each for each in git.tags() if each.name == "m@v1.0.0")
    assert (trailers.parse(tag.message), tag.when) == (Message(sentence="Title"), NOON)


def test_notes_are_replaced_and_read_back(work, git_in):
    git = git_in(work.path)
    assert git.note("refs/notes/mlci", work.head) is None
    for content in (b"one\n\n\ntwo  \n", b"# three\0\n"):
        git.add_note("refs/notes/mlci", work.head, content)
        assert git.note("refs/notes/mlci", work.head) == content


def test_a_worktree_is_gone_afterwards(work, git_in):
    git = git_in(work.path)
    with git.worktree(work.head) as place:
        assert (place / "a.txt").read_text() == "one"
        assert git_in(place).root == place
    assert not place.exists()
    assert work.git("worktree", "list").count("\n") == 0


def test_remotes_are_told_without_credentials(work, git_in):
    work.git("remote", "add", "a", "https://user:s3cr3t@example.org/x.git")
    work.git("remote", "add", "b", "git@example.org:x/y.git")
    work.git("remote", "add", "c", "https://t0ken@example.org/x.git")
    assert git_in(work.path).remotes() == {
        "a": "https://example.org/x.git",
        "b": "git@example.org:x/y.git",
        "c": "https://example.org/x.git",
    }


def test_fetches_and_lists_what_a_remote_has(work, git_in, tmp_path):
    other = work.remote().clone(tmp_path / "other")
    work.commit({"n": "1"}).tag("m@v0.2.0").publish()
    git = git_in(other.path)
    assert git.remote_refs("origin", "refs/heads/main") == {"refs/heads/main": work.head}
    assert "refs/tags/m@v0.2.0" in git.remote_refs("origin", "refs/tags/*")
    git.fetch("origin", "+refs/heads/main:refs/remotes/origin/main")
    assert git.resolve("origin/main") == work.head
    assert git.resolve("m@v0.2.0") is None


def test_a_shallow_clone_says_so_and_can_be_deepened(work, git_in, tmp_path):
    work.commit({"n": "1"}).commit({"n": "2"})
    git = git_in(work.remote().bare().clone(tmp_path / "shallow", depth=1).path)
    assert git.shallow
    assert git.merge_base("HEAD", "HEAD") == work.head
    git.fetch("origin", "refs/heads/main", depth=2)
    assert len(git.first_parents("HEAD")) == 2


def test_a_remote_nobody_named_is_an_error(work, git_in):
    with pytest.raises(WorldError) as caught:
        git_in(work.remote("backup").path).push("origin", [RefUpdate(ref="refs/x/y", new=work.head)])
    assert (caught.value.id, caught.value.help) == ("remote-missing", "one of: backup")


@pytest.mark.parametrize("remote", ["http://127.0.0.1:1/x.git", "/no/such/place"])
def test_a_remote_that_cannot_be_reached_is_an_error_or_an_outcome(work, git_in, remote):
    git = git_in(work.path)
    for ask in (lambda: git.remote_refs(remote), lambda: git.fetch(remote, "refs/heads/main")):
        with pytest.raises(WorldError) as caught:
            ask()
        assert caught.value.id == "remote-unreachable"
    assert git.push(remote, [RefUpdate(ref="refs/x/y", new=work.head)]).outcome is PushOutcome.UNREACHABLE


def test_pushes_all_or_nothing_and_knows_a_lost_race(work, git_in, tmp_path):
    origin = work.remote().bare()
    git, start = git_in(work.path), work.head
    tag = git.write_tag("m@v0.3.0", start, "x", when=NOON)
    both = [
        RefUpdate(ref="refs/tags/m@v0.3.0", new=tag, expect=""),
        RefUpdate(ref="refs/mlci/registry", new=start, expect=""),
    ]
    assert git.push("origin", both).outcome is PushOutcome.DONE
    assert origin.git("rev-parse", "refs/tags/m@v0.3.0") == tag

    later = git.write_commit({"e": b"1"}, parent=start, message="x", when=NOON)
    race = [
        RefUpdate(ref="refs/mlci/registry", new=later, expect=later),
        RefUpdate(ref="refs/tags/m@v0.4.0", new=tag, expect=""),
    ]
    assert git.push("origin", race).outcome is PushOutcome.STALE
    assert "m@v0.4.0" not in origin.git("tag")
    assert git.push("origin", [RefUpdate(ref="refs/tags/m@v0.1.0", new=tag)]).outcome is PushOutcome.STALE
    again = [RefUpdate(ref="refs/mlci/registry", new=later, expect=start)]
    assert git.push("origin", again).outcome is PushOutcome.DONE
    assert (
        git.push("origin", [RefUpdate(ref="refs/mlci/registry", new=None, expect=later)]).outcome
        is PushOutcome.DONE
    )
    assert git.remote_refs("origin", "refs/mlci/*") == {}


@pytest.mark.parametrize("atomic", [True, False])
def test_a_hook_of_the_server_refuses(work, git_in, atomic):
    origin = work.remote().bare()
    hook = origin.path / "hooks" / ("pre-receive" if atomic else "update")
    hook.write_text("#!/bin/sh\necho 'GH013: Repository rule violations found' >&2\nexit 1\n")
    hook.chmod(0o755)
    updates = [RefUpdate(ref=f"refs/tags/{name}", new=work.head, expect="") for name in ("x", "y")]
    result = git_in(work.path).push("origin", updates)
    assert result.outcome is PushOutcome.REFUSED
    assert "GH013" in result.message


def test_states_without_work_to_do_are_named(tmp_path, git_in, work):
    (tmp_path / "plain").mkdir()
    bare = repository(tmp_path / "bare.git", bare=True)
    for place, word in (
        (tmp_path / "plain", "not-a-repository"),
        (bare.path, "repository-bare"),
        (work.path / ".git", "not-a-repository"),
    ):
        with pytest.raises(WorldError) as caught:
            _ = git_in(place).root
        assert caught.value.id == word
        assert caught.value.help


def test_no_git_is_named(work):
    with pytest.raises(WorldError) as caught:
        _ = GitCli(ProcessRunner({"PATH": "/nonexistent"}), work.path, {}).root
    assert caught.value.id == "program-missing"


def test_a_repository_without_commits_can_be_asked(tmp_path, git_in):
    git = git_in(repository(tmp_path / "new").path)
    assert (git.branch(), git.resolve("HEAD"), list(git.tags()), git.dirty()) == ("main", None, [], [])


def test_a_detached_head_has_no_branch(work, git_in):
    work.git("checkout", "--quiet", "--detach")
    assert git_in(work.path).branch() is None


def test_a_linked_worktree_and_a_submodule_are_their_own(work, git_in, tmp_path):
    work.git("worktree", "add", "--quiet", str(tmp_path / "linked"), "-b", "side")
    assert git_in(tmp_path / "linked").branch() == "side"
    work.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(tmp_path / "work"), "sub")
    assert git_in(work.path / "sub").root == work.path / "sub"
    assert git_in(work.path).dirty() == [".gitmodules", "sub"]


@pytest.mark.parametrize("name", ["with space", "quo\"te'", "new\nline", "$(touch x)", "-dash", "b\udcff"])
def test_a_repository_may_lie_at_any_path(tmp_path, git_in, name):
    odd = repository(tmp_path / name).commit({"a": "1"})
    git = git_in(odd.path)
    assert git.root == odd.path
    assert git.blobs([(odd.head, "a")]) == [b"1"]
    assert git.remotes() == {}


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="only root gives files away")
def test_a_repository_of_another_user_is_read(work, git_in):
    for place in [work.path, *work.path.rglob("*")]:
        os.chown(place, 12345, 12345, follow_symlinks=False)
    assert git_in(work.path).resolve("HEAD")


def test_an_unknown_author_is_told_what_to_type(work, process, monkeypatch):
    for name in ("GIT_COMMITTER_NAME", "GIT_COMMITTER_EMAIL", "GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL"):
        monkeypatch.delenv(name)
    nobody = ProcessRunner(dict(os.environ))
    with pytest.raises(WorldError) as caught:
        GitCli(nobody, work.path, {}).write_tag("x", work.head, "x", when=NOON)
    assert caught.value.id == "identity-missing"
    bot = GitCli(nobody, work.path, {}, identity=Person(name="bot", email="bot@example.org"))
    assert bot.write_tag("x", work.head, "x", when=NOON)


def test_plain_reads_do_not_pay_for_gitpython(work):
    code = (
        "import os, sys; from pathlib import Path; from mlci.adapters.git import GitCli;"
        "from mlci.adapters.process import ProcessRunner; e = dict(os.environ);"
        f"g = GitCli(ProcessRunner(e), Path({str(work.path)!r}), e); g.tags(); g.resolve('HEAD');"
        "sys.exit('git' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[2])


def test_many_writers_take_turns_at_the_fence(work, git_in):
    """Each appends to the journal with its own tag; whoever comes late is told so, and nothing is lost."""
    origin = work.remote().bare()
    fence = "refs/mlci/registry"

    def append(number: int) -> int:
        git = git_in(work.path)
        for attempt in range(1, 65):
            old = git.remote_refs("origin", fence).get(fence, "")
            parent = old or None
            if parent:
                git.fetch("origin", fence)
            new = git.write_commit({f"events/{number}": b"x"}, parent=parent, message=f"{number}", when=NOON)
            tag = git.write_tag(f"m@v1.0.{number}", work.head, "x", when=NOON)
            updates = [
                RefUpdate(ref=fence, new=new, expect=old),
                RefUpdate(ref=f"refs/tags/m@v1.0.{number}", new=tag, expect=""),
            ]
            result = git.push("origin", updates)
            if result.outcome is PushOutcome.DONE:
                return attempt
            assert result.outcome is PushOutcome.STALE, result.message
        raise AssertionError("never came to its turn")

    with ThreadPoolExecutor(4) as writers:
        attempts = list(writers.map(append, range(8)))
    assert sum(attempts) >= 8
    assert len(origin.git("rev-list", fence).split()) == 8
    assert len(origin.git("ls-tree", "-r", "--name-only", fence).split()) == 8
    assert len(origin.git("tag", "--list", "m@v1.0.*").split()) == 8


def test_who_prepares_gets_the_same_answers(tmp_path, git_in):
    work = repository(tmp_path / "work").write({"f": "one"}).commit()
    git = git_in(work.path)
    git.prepare()
    assert git.root == work.path.resolve()
    assert git.resolve("HEAD") == work.head


def test_who_prepares_outside_of_any_repository_is_told_when_he_asks(tmp_path, git_in):
    git = git_in(tmp_path)
    git.prepare()
    with pytest.raises(WorldError) as caught:
        git.resolve("HEAD")
    assert caught.value.id == "not-a-repository"


def test_refs_move_together_or_not_at_all(work, git_in):
    git, head = git_in(work.path), work.head
    with pytest.raises(WorldError):
        git.update_refs(
            RefUpdate(ref="refs/mlci/x", new=head), RefUpdate(ref="refs/mlci/y", new=head, expect=head)
        )
    assert git.refs("refs/mlci/") == {}


def test_a_commit_in_another_encoding_is_read(work, git_in):
    person = "Ren\xe9 <r@example.org> 1760000000 +0200"
    head = f"tree {work.git('write-tree')}\nauthor {person}\ncommitter {person}\nencoding ISO-8859-1\n"
    raw = f"{head}\n\xe9t\xe9\n"
    name = work.git("hash-object", "-t", "commit", "-w", "--stdin", stdin=raw.encode("latin-1"))
    record = git_in(work.path).commit(name)
    assert (record.author.name, record.message, record.when.hour) == ("René", "été\n", 10)
