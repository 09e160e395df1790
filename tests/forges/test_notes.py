"""Reports as git notes, on a real bare repository that several clones write to."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from mlci.adapters.git import GitCli
from mlci.adapters.process import ProcessRunner
from mlci.errors import Exit, ForgeError, MlciError
from mlci.forges.notes import Notes
from mlci.ports.forge import Posted
from tests.support.fakes import FakeClock
from tests.support.program import child_environment
from tests.support.repository import repository

KEY = "report:credit"
REF = "refs/notes/mlci/report-credit"


@pytest.fixture
def story(tmp_path):
    return repository(tmp_path / "work").commit({"a": "1"}).commit({"a": "2"}).remote()


@pytest.fixture
def notes(story, tmp_path):
    def made(name="clone"):
        place = tmp_path / name
        story.git("clone", "--quiet", story.git("remote", "get-url", "origin"), str(place))
        environment = child_environment()
        git = GitCli(ProcessRunner(environment), place, environment)
        return Notes(git=git, remote="origin", clock=FakeClock())

    return made


def read(story, commit, ref=REF):
    story.git("fetch", "--quiet", "origin", f"+{ref}:{ref}")
    return story.git("notes", f"--ref={ref}", "show", commit)


def test_a_note_is_created_left_alone_and_updated(story, notes):
    mine = notes()
    posts = [
        mine.upsert_comment(0, KEY, body, head=story.head).posted for body in ("one\n", "one\n", "two\n")
    ]
    assert posts == [Posted.CREATED, Posted.UNCHANGED, Posted.UPDATED]
    assert read(story, story.head) == "two"


def test_another_commits_note_survives_a_writer_that_had_not_seen_it(story, notes):
    one, other = notes("one"), notes("other")
    one.upsert_comment(0, KEY, "of the head", head=story.head)
    other.upsert_comment(0, KEY, "of the first", head=story.sha("HEAD~1"))
    assert (read(story, story.head), read(story, story.sha("HEAD~1"))) == ("of the head", "of the first")


def test_each_key_has_a_ref_of_its_own(story, notes):
    mine = notes()
    mine.upsert_comment(0, KEY, "one", head=story.head)
    mine.upsert_comment(0, "report:../../heads/main", "two", head=story.head)
    assert read(story, story.head, "refs/notes/mlci/report-heads-main") == "two"
    assert read(story, story.head) == "one"


def test_writers_that_race_lose_no_note(story, notes):
    commits = [story.commit({"a": str(number)}).head for number in range(4)]
    story.git("push", "--quiet", "origin", "HEAD")
    writers = [notes(f"clone{number}") for number in range(4)]
    with ThreadPoolExecutor(4) as pool:
        pairs = zip(writers, commits, strict=True)
        done = [pool.submit(each.upsert_comment, 0, KEY, sha, head=sha) for each, sha in pairs]
        assert {each.result().posted for each in done} == {Posted.CREATED}
    assert [read(story, each) for each in commits] == commits


def test_a_server_that_refuses_notes_is_quoted(story, notes):
    mine = notes()
    hook = Path(story.git("remote", "get-url", "origin")) / "hooks/update"
    hook.write_text("#!/bin/sh\necho no notes here >&2\nexit 1\n")
    hook.chmod(0o755)
    with pytest.raises(ForgeError, match="no notes here") as told:
        mine.upsert_comment(0, KEY, "one", head=story.head)
    assert (told.value.exit_code, told.value.id) == (Exit.FORGE, "note-not-pushed")


def test_an_unknown_remote_is_told(story, notes):
    mine = notes()
    lost = Notes(git=mine._git, remote="nowhere", clock=FakeClock())
    with pytest.raises(MlciError):
        lost.upsert_comment(0, KEY, "one", head=story.head)
