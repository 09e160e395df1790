"""Remembered trees: the same as parsed ones, never believed when damaged, never in the way."""

import msgspec
import pytest

from mlci.adapters.tree_memory import TreeMemory, tree_memory
from mlci.core.yaml import tree as yamltree
from mlci.core.yaml.node import CONFIG_LIMITS, DVC_LIMITS, Node
from mlci.core.yaml.tree import parse
from mlci.errors import ConfigError
from tests.support.repository import repository

TEXT = b"a: &x {b: [1, 1.0, -0.5, 0x1f, true, ~, 'q', \"\\u00e9\"]}\nc: *x\nd: {<<: *x, e: 'no'}\n"


@pytest.fixture(autouse=True)
def forget():
    before = yamltree._memory.get()
    yamltree._memory.set(None)
    yield
    yamltree._memory.set(before)


@pytest.fixture
def parsed_once(monkeypatch):
    """Counts what the parser is asked for."""
    asked = []
    parsed = yamltree._parsed

    def counted(content, *rest):
        asked.append(content)
        return parsed(content, *rest)

    monkeypatch.setattr(yamltree, "_parsed", counted)
    return asked


def kept_in(directory):
    return [each for each in directory.iterdir() if not each.name.startswith(".")]


def test_a_second_run_gets_the_same_tree_without_the_parser(tmp_path, parsed_once):
    alone = parse(TEXT, name="f")
    for _ in range(2):
        yamltree.remember_in(TreeMemory(tmp_path))
        again = parse(TEXT, name="f")
        assert again == alone
        assert repr(again) == repr(alone)  # 1 and 1.0 and True are equal, and are not the same
    assert len(parsed_once) == 2


def test_one_run_reads_a_text_once_without_any_place(parsed_once):
    yamltree.remember_in(TreeMemory(None))
    assert parse(TEXT, name="f") is parse(TEXT, name="g")
    assert len(parsed_once) == 1


def test_other_limits_are_another_question(tmp_path, parsed_once):
    yamltree.remember_in(TreeMemory(tmp_path))
    parse(TEXT, name="f", limits=CONFIG_LIMITS)
    yamltree.remember_in(TreeMemory(tmp_path))
    parse(TEXT, name="f", limits=DVC_LIMITS)
    assert len(parsed_once) == 2


def test_what_is_wrong_is_found_again(tmp_path):
    for _ in range(2):
        yamltree.remember_in(TreeMemory(tmp_path))
        with pytest.raises(ConfigError):
            parse(b"a: 1\na: 2\n", name="f")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("damage", [b"", b"\xc1", b"half", "other"])
def test_what_is_damaged_is_not_believed(tmp_path, damage):
    good = parse(TEXT, name="f")
    yamltree.remember_in(TreeMemory(tmp_path))
    parse(TEXT, name="f")
    (place,) = kept_in(tmp_path)
    if damage == "other":  # a tree of another text, under this one's name
        forged = msgspec.msgpack.decode(place.read_bytes())
        forged[3] = b"x: 1\n"
        forged[4] = msgspec.to_builtins(parse(b"x: 1\n", name="g"))
        damage = msgspec.msgpack.encode(forged)
    elif damage == b"half":
        damage = place.read_bytes()[:-20]
    place.write_bytes(damage)
    yamltree.remember_in(TreeMemory(tmp_path))
    assert parse(TEXT, name="f") == good


def test_a_tree_of_another_version_is_not_believed(tmp_path, monkeypatch, parsed_once):
    yamltree.remember_in(TreeMemory(tmp_path))
    parse(TEXT, name="f")
    monkeypatch.setattr("mlci.adapters.tree_memory.__version__", "0.0.0")
    yamltree.remember_in(TreeMemory(tmp_path))
    parse(TEXT, name="f")
    assert len(parsed_once) == 2


def test_a_tree_that_another_reader_made_is_not_believed(tmp_path, monkeypatch, parsed_once):
    yamltree.remember_in(TreeMemory(tmp_path))
    parse(TEXT, name="f")
    monkeypatch.setattr("mlci.adapters.tree_memory.FORMAT", yamltree.FORMAT + 1)
    yamltree.remember_in(TreeMemory(tmp_path))
    parse(TEXT, name="f")
    assert len(parsed_once) == 2


@pytest.mark.parametrize("text", [b"n: 123456789012345678901234567890\n", b"n: .nan\nm: -.inf\n", b""])
def test_what_has_no_encoding_is_read_again(tmp_path, text):
    for _ in range(2):
        yamltree.remember_in(TreeMemory(tmp_path))
        assert isinstance(parse(text, name="f"), Node)


def test_no_more_are_kept_than_have_a_use(tmp_path):
    yamltree.remember_in(TreeMemory(tmp_path))
    for number in range(70):
        parse(b"n: %d\n" % number, name="f")
    assert len(kept_in(tmp_path)) == 64


def test_no_more_bytes_are_kept_than_a_disk_can_spare(tmp_path, monkeypatch):
    monkeypatch.setattr("mlci.adapters.tree_memory._MOST_BYTES", 100_000)
    yamltree.remember_in(TreeMemory(tmp_path))
    for number in range(10):
        parse(b"n%d: %s\n" % (number, b"x" * 10_000), name="f")
    kept = kept_in(tmp_path)
    assert 50_000 < sum(each.stat().st_size for each in kept) <= 100_000
    assert any(b"n9:" in each.read_bytes() for each in kept)


def test_a_place_that_cannot_be_written_is_no_reason_to_fail(tmp_path):
    (tmp_path / "file").write_text("")
    yamltree.remember_in(TreeMemory(tmp_path / "file" / "below"))
    assert parse(TEXT, name="f").find("c", "b", 0).value == 1


def test_they_lie_beside_gits_own_files_also_of_a_linked_work_tree(tmp_path):
    story = repository(tmp_path / "work").write({"f": "1"}).commit()
    story.git("worktree", "add", "--quiet", str(tmp_path / "linked"))
    for root in (tmp_path / "work", tmp_path / "linked"):
        yamltree.remember_in(tree_memory(root))
        parse(TEXT, name="f")
    assert kept_in(tmp_path / "work" / ".git" / "mlci" / "trees")
    assert kept_in(tmp_path / "work" / ".git" / "worktrees" / "linked" / "mlci" / "trees")
    assert story.git("status", "--porcelain") == ""


@pytest.mark.parametrize("content", ["", "gitdir: /nowhere\n", "\ud800"])
def test_a_repository_that_is_none_has_no_place(tmp_path, content):
    (tmp_path / ".git").write_bytes(content.encode("utf-8", "surrogatepass"))
    yamltree.remember_in(tree_memory(tmp_path))
    parse(TEXT, name="f")
    assert [each.name for each in tmp_path.iterdir()] == [".git"]
