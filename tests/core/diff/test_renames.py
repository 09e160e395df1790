"""Old names lead to new ones: of a leaf, of a whole place, of a file, and never over what is there."""

import pytest

from mlci.core.diff.renames import Pointer, called_now, plausible, pointer, rename
from mlci.core.diff.values import Kind, Value, number

ONE, TWO = number("1"), number("2")


@pytest.mark.parametrize(
    ("text", "path", "key"),
    [("m.json#/a/b", "m.json", ("a", "b")), ("m.json#/a~1b/~0", "m.json", ("a/b", "~")), ("m#/", "m", ())],
)
def test_pointers_are_read(text, path, key):
    assert pointer(text) == Pointer(path=path, key=key)


@pytest.mark.parametrize("text", ["m.json#/a/b", "m.json#/a~1b/~0", "m.json#"])
def test_pointers_are_written_as_they_are_read(text):
    assert pointer(text).written == text


@pytest.mark.parametrize(
    ("place", "now"),
    [("m#/a", "n#/b"), ("m#/a/x", "n#/b/x"), ("m#/ax", "m#/ax"), ("k#/a", "k#/a"), ("m#/c~1d", "m#/e")],
)
def test_a_place_is_called_by_its_new_name(place, now):
    assert called_now(place, {"m#/a": "n#/b", "m#/c~1d": "m#/e"}) == now


@pytest.mark.parametrize(
    ("head", "name"),
    [
        ({("b",): ONE}, "m#/b"),
        ({("b",): TWO}, "m#/b"),
        ({("b",): TWO, ("c",): ONE}, "m#/c"),
        ({("b",): ONE, ("c",): ONE}, None),
        ({("b",): TWO, ("c",): TWO}, None),
        ({("old",): ONE}, None),
        ({("b",): Value(kind=Kind.TEXT, text="1")}, None),
        ({}, None),
    ],
)
def test_a_number_that_is_gone_has_one_plausible_name_or_none(head, name):
    found = plausible(pointer("m#/a"), {("a",): ONE, ("old",): ONE}, head)
    assert (None if found is None else found.written) == name
    assert plausible(pointer("m#/x"), {("a",): ONE}, head) is None


@pytest.mark.parametrize(
    ("names", "moved"),
    [
        ({"m.json#/a": "m.json#/z"}, {"m.json": {("z",): ONE, ("b", "c"): TWO}}),
        ({"m.json#/b": "m.json#/y"}, {"m.json": {("a",): ONE, ("y", "c"): TWO}}),
        ({"m.json#/a": "n.json#/a"}, {"m.json": {("b", "c"): TWO}, "n.json": {("a",): ONE}}),
        ({"m.json#/a": "m.json#/b/c"}, {"m.json": {("a",): ONE, ("b", "c"): TWO}}),
        ({"m.json#/none": "m.json#/z", "none#/a": "x#/a"}, {"m.json": {("a",): ONE, ("b", "c"): TWO}}),
    ],
)
def test_leaves_move(names, moved):
    base = {"m.json": {("a",): ONE, ("b", "c"): TWO}}
    found = rename(base, {}, names)
    assert found.files == moved
    assert base == {"m.json": {("a",): ONE, ("b", "c"): TWO}}


def test_a_name_that_head_still_has_was_not_renamed():
    base, head = {"m": {("a",): ONE}}, {"m": {("a",): TWO, ("b",): ONE}}
    assert rename(base, head, {"m#/a": "m#/b"}).files == base


def test_what_moved_remembers_its_name():
    found = rename({"m": {("a",): ONE}}, {}, {"m#/a": "n#/b"})
    assert {str(new): str(old) for new, old in found.old.items()} == {"n:b": "m:a"}
