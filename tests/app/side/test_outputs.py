"""Outputs from Git, the cache and the remote, none of them larger than whoever asks can bear."""

import hashlib

import pytest

from mlci.adapters.files import FileTree
from mlci.adapters.git import GitCli
from mlci.adapters.process import ProcessRunner
from mlci.app.side.outputs import Outputs
from mlci.app.side.snapshot import Snapshot, declared
from mlci.errors import WorldError
from tests.support.fakes import FakeDvc, finished
from tests.support.repository import repository

CONTENT = b'{"auc": 0.5}'


class Remote(FakeDvc):
    """A remote that holds this content, whatever is asked for, and counts how often that is."""

    def __init__(self, cache):
        super().__init__()
        self.cache = cache

    def cache_dir(self):
        return self.cache

    def get(self, path, revision, destination, *, remote=None):
        self.asked.append(path)
        destination.write_bytes(CONTENT)
        return finished()


class Room:
    """A repository that declares one output, and the three places where its bytes may be."""

    def __init__(self, directory, *, size=""):
        name = hashlib.md5(CONTENT).hexdigest()
        self.story = repository(directory / "work")
        self.story.commit({"m.json.dvc": f"outs: [{{path: m.json, hash: md5, md5: {name}{size}}}]\n"})
        self.remote = Remote(directory / "cache")
        self.cached = directory / "cache/files/md5" / name[:2] / name[2:]

    def read(self, *, limit, commit=True):
        environment = {"PATH": "/usr/bin:/bin"}
        snapshot = Snapshot(
            git=GitCli(ProcessRunner(environment), self.story.path, environment),
            files=FileTree(self.story.path),
            prefix="",
            commit=self.story.head if commit else None,
        )
        return Outputs(dvc=self.remote).read(snapshot, "m.json", declared(snapshot).outs, limit=limit)


def in_the_cache(room):
    room.cached.parent.mkdir(parents=True)
    room.cached.write_bytes(CONTENT)


def on_the_remote(room):
    assert not room.cached.exists()


def in_git(room):
    room.story.commit({"m.json": CONTENT.decode()})


def in_the_work_tree(room):
    room.story.write({"m.json": CONTENT.decode()})


@pytest.mark.parametrize("lies", [in_the_cache, on_the_remote, in_git, in_the_work_tree])
def test_no_more_is_read_than_was_asked_for_wherever_it_lies(tmp_path, lies):
    room = Room(tmp_path)
    lies(room)
    commit = lies is not in_the_work_tree
    for enough in (len(CONTENT), None):
        assert room.read(limit=enough, commit=commit) == CONTENT
    with pytest.raises(WorldError, match=r"m\.json is larger than") as found:
        room.read(limit=len(CONTENT) - 1, commit=commit)
    assert found.value.id == "file-too-large"


def test_what_is_recorded_as_too_large_is_not_even_fetched(tmp_path):
    room = Room(tmp_path, size=f", size: {len(CONTENT)}")
    with pytest.raises(WorldError):
        room.read(limit=3)
    assert room.remote.asked == []


@pytest.mark.parametrize("commit", [True, False])
def test_what_git_holds_is_never_taken_from_a_cache(tmp_path, commit):
    room = Room(tmp_path)
    name = hashlib.md5(CONTENT).hexdigest()
    room.story.commit(
        {
            "m.json.dvc": None,
            "dvc.yaml": "stages: {score: {cmd: score, metrics: [{m.json: {cache: false}}]}}\n",
            "dvc.lock": "schema: '2.0'\nstages:\n  score:\n    cmd: score\n    outs:\n"
            f"    - {{path: m.json, hash: md5, md5: {name}, size: {len(CONTENT)}}}\n",
        }
    )
    in_the_cache(room)
    assert room.read(limit=None, commit=commit) is None
    assert room.remote.asked == []
    room.story.commit({"m.json": CONTENT.decode()})
    assert room.read(limit=None, commit=commit) == CONTENT
