"""What is remembered of files' hashes, and when it may not be believed: clocks jump, and files change."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import md5
from pathlib import Path
from typing import BinaryIO

import pytest

from mlci.adapters.files import FileTree
from mlci.adapters.worktree import LinkedTree
from mlci.app.stages.hashing import Hashes, read_memory, write_memory
from tests.support.fakes import FakeClock, FakeProgress

HOUR = timedelta(hours=1)


@dataclass
class Wall(FakeClock):
    """The time of the files' own clock, put forward or back."""

    ahead: timedelta = HOUR

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead


@dataclass
class Session:
    """One plan after another on the same directory, each remembering what the last one learned."""

    root: Path
    clock: Wall = field(default_factory=Wall)
    read: list[str] = field(default_factory=list)

    def hash(self, path: str = "raw") -> str:
        tree = Watched(self.root, self.read)
        files = FileTree(self.root)
        memory = read_memory(files)
        hashes = Hashes(tree=tree, clock=self.clock, progress=FakeProgress(), memory=memory)
        entry = tree.entry(path)
        assert entry is not None
        found = hashes.file(entry, legacy=False)
        write_memory(files, memory)
        return found


class Watched(LinkedTree):
    """Notes what was read."""

    def __init__(self, root: Path, read: list[str]) -> None:
        super().__init__(root)
        self._read = read

    @contextmanager
    def open(self, path: str) -> Iterator[BinaryIO]:
        self._read.append(path)
        with super().open(path) as stream:
            yield stream


@pytest.fixture
def session(tmp_path: Path) -> Session:
    (tmp_path / "raw").write_bytes(b"x")
    return Session(root=tmp_path)


def of(content: bytes) -> str:
    return md5(content, usedforsecurity=False).hexdigest()


def set_time(path: Path, nanoseconds: int) -> None:
    os.utime(path, ns=(nanoseconds, nanoseconds))


def test_a_file_that_rests_is_read_once(session: Session) -> None:
    assert [session.hash(), session.hash()] == [of(b"x")] * 2
    assert session.read == ["raw"]


@pytest.mark.parametrize("ahead", [timedelta(0), -HOUR])
def test_a_file_as_young_as_the_clock_is_read_again(session: Session, ahead: timedelta) -> None:
    """It may change again within the same tick; so may one that seems to come from the future."""
    session.clock.ahead = ahead
    assert [session.hash(), session.hash()] == [of(b"x")] * 2
    assert session.read == ["raw", "raw"]


def test_other_bytes_of_the_same_size_at_the_old_time_are_noticed(session: Session) -> None:
    raw = session.root / "raw"
    session.hash()
    before = raw.stat()
    raw.write_bytes(b"y")
    set_time(raw, before.st_mtime_ns)
    assert raw.stat().st_ino == before.st_ino
    assert session.hash() == of(b"y")


def test_another_file_of_the_same_size_and_time_is_noticed(session: Session) -> None:
    raw, other = session.root / "raw", session.root / "other"
    session.hash()
    other.write_bytes(b"y")
    set_time(other, raw.stat().st_mtime_ns)
    other.replace(raw)
    assert session.hash() == of(b"y")


def test_a_time_that_was_set_back_or_forward_is_no_proof(session: Session) -> None:
    raw = session.root / "raw"
    for content, time in ((b"y", 10**18), (b"z", 4 * 10**18), (b"x", 10**18)):
        session.hash()
        raw.write_bytes(content)
        set_time(raw, time)
        assert session.hash() == of(content)


def test_what_changes_while_it_is_read_for_long_is_not_remembered(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file was written in the tick in which it was looked at, and reading it took long enough to rest."""
    session.clock.ahead = timedelta(seconds=1)
    look = Watched.open

    @contextmanager
    def slowly(tree: Watched, path: str) -> Iterator[BinaryIO]:
        session.clock.ahead = HOUR
        with look(tree, path) as stream:
            yield stream

    monkeypatch.setattr(Watched, "open", slowly)
    session.hash()
    assert read_memory(FileTree(session.root)).known == {}


def _a_link(place: Path, outside: Path) -> None:
    (place / ".mlci").symlink_to(outside)


def _a_file(place: Path, _: Path) -> None:
    (place / ".mlci").mkdir()
    (place / ".mlci/cache").write_text("a file")


def _kept_as_directory(place: Path, _: Path) -> None:
    (place / ".mlci/cache/hashes.json/x").mkdir(parents=True)


@pytest.mark.parametrize("lies", [_a_link, _a_file, _kept_as_directory])
def test_where_nothing_can_be_remembered_a_hash_is_told_all_the_same(
    tmp_path: Path, lies: Callable[[Path, Path], None]
) -> None:
    place, outside = tmp_path / "work", tmp_path / "outside"
    place.mkdir()
    outside.mkdir()
    (place / "raw").write_bytes(b"1")
    lies(place, outside)
    session = Session(place)
    assert [session.hash(), session.hash()] == [md5(b"1").hexdigest()] * 2
    assert session.read == ["raw", "raw"]
    assert not [*outside.iterdir()]
