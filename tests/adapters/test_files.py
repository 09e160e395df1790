"""Files stay inside the project, are written whole or not at all, and a full disk leaves nothing behind."""

import os
import subprocess
from pathlib import Path

import pytest

from mlci.adapters.files import FileTree
from mlci.core.plan import Change, FileDelete, FileWrite, Plan
from mlci.errors import WorldError
from tests.support.rights import powerless

ODD = "sp ace/quo\"te'/new\nline/b\udcff"


@pytest.fixture
def tree(tmp_path):
    (tmp_path / "project").mkdir()
    return FileTree(tmp_path / "project")


def everything(place: Path) -> list[str]:
    return sorted(each.relative_to(place).as_posix() for each in place.rglob("*"))


def refused(call, *arguments, **more) -> str:
    with pytest.raises(WorldError) as caught:
        call(*arguments, **more)
    assert caught.value.message.isprintable()
    return caught.value.id


@pytest.mark.parametrize("path", ["a", "deep/er/x", ODD, ".hidden", "./a//b"])
def test_writes_and_reads_back(tree, path):
    for content in (b"one", b"", b"\0\xff\r\n"):
        tree.write(path, content)
        assert tree.read(path) == tree.read_if_there(path) == content
    assert tree.exists(path)
    assert not [each for each in everything(tree.root) if ".tmp" in each]
    tree.delete(path)
    tree.delete(path)
    assert tree.read_if_there(path) is None


def test_the_mode_is_kept_and_a_program_can_be_run(tree):
    tree.write("kept", b"1")
    (tree.root / "kept").chmod(0o640)
    tree.write("kept", b"2")
    tree.write("program", b"#!/bin/sh\n", executable=True)
    assert (tree.root / "kept").stat().st_mode & 0o777 == 0o640
    assert os.access(tree.root / "program", os.X_OK)


@pytest.mark.parametrize("path", ["../out", "/etc/passwd", "a/../../out", "nul\0", "..", "x" * 5000])
def test_a_path_that_leaves_is_refused(tree, path):
    for use in (tree.read, tree.delete):
        assert refused(use, path) == "path-refused"
    assert refused(tree.write, path, b"x") == "path-refused"


@pytest.mark.parametrize("path", ["", ".", ".git/config", "sub/.GIT/hooks/x"])
def test_some_places_are_never_written(tree, path):
    assert refused(tree.write, path, b"x") == "path-refused"
    assert everything(tree.root) == []


def test_links_are_read_inside_only_and_never_written_through(tree, tmp_path):
    (tmp_path / "secret").write_text("secret")
    (tmp_path / "outdir").mkdir()
    tree.write("real", b"real")
    for name, target in {
        "inside": "real",
        "out": "../secret",
        "dir": "../outdir",
        "loop": "loop",
        "gone": "nothing",
    }.items():
        (tree.root / name).symlink_to(target)
    assert tree.read("inside") == b"real"
    assert not tree.exists("gone")
    assert refused(tree.read, "out") == "path-refused"
    for path in ("inside", "out", "dir/x", "loop", "gone", "gone/x"):
        assert refused(tree.write, path, b"evil") == "path-refused"
        assert refused(tree.delete, path) == "path-refused"
    assert (tmp_path / "secret").read_text() == "secret"
    assert list(tree.list()) == ["real"]


def test_only_regular_files_of_a_bearable_size_are_read(tree):
    tree.write("big", b"x" * 11)
    (tree.root / "dir").mkdir()
    os.mkfifo(tree.root / "pipe")
    assert refused(tree.read, "big", limit=10) == "file-too-large"
    assert refused(tree.read, "dir") == refused(tree.read, "pipe") == "not-a-file"
    assert refused(tree.write, "dir", b"x") == "not-a-file"
    assert refused(tree.read, "none") == refused(tree.read, "big/x") == "file-missing"


def test_lists_sorted(tree):
    for path in ("b", "a/z", "a-b", ODD, ".git-not/x"):
        tree.write(path, b"")
    (tree.root / ".git").mkdir()
    (tree.root / ".git/config").touch()
    assert list(tree.list()) == sorted(["b", "a/z", "a-b", ODD, ".git-not/x"])
    assert list(tree.list("a")) == ["a/z"]


def test_a_plan_is_carried_out_in_order_without_what_stands(tree):
    tree.write("old", b"old")
    plan = Plan(
        files=(
            FileWrite(path="new/x", content=b"1"),
            FileDelete(path="old"),
            FileWrite(path="kept", content=b"?", change=Change.KEEP),
        )
    )
    tree.apply(plan)
    assert everything(tree.root) == ["new", "new/x"]


def test_a_plan_with_one_bad_path_changes_nothing(tree):
    plan = Plan(files=(FileWrite(path="a/b", content=b"1"), FileWrite(path="../x", content=b"2")))
    assert refused(tree.apply, plan) == "path-refused"
    assert everything(tree.root) == []


@pytest.fixture
def small_disk(tmp_path):
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(place)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("needs the right to mount a tmpfs")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def test_a_full_disk_leaves_what_stood(small_disk):
    tree = FileTree(small_disk)
    tree.write("old", b"old")
    plan = Plan(
        files=(FileWrite(path="old", content=b"new"), FileWrite(path="a/b/big", content=b"x" * 1_000_000))
    )
    assert refused(tree.apply, plan) == "disk-full"
    assert tree.read("old") == b"old"
    assert everything(small_disk) == ["old"]


def test_a_read_only_disk_is_named(small_disk):
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    assert refused(FileTree(small_disk).write, "x", b"1") == "read-only"


@pytest.mark.skipif(os.name != "posix", reason="directory modes are POSIX")
def test_a_read_only_directory_is_named(tree):
    tree.root.chmod(0o555)
    with powerless():
        assert refused(tree.write, "x", b"1") == "permission-denied"
    tree.root.chmod(0o755)
