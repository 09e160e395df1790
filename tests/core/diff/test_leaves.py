"""Metrics files as people and attackers write them."""

import json
import tracemalloc

import pytest

from mlci.core.diff import leaves
from mlci.core.diff.leaves import read_leaves
from mlci.core.diff.values import Kind
from mlci.errors import MlciError, WorldError


def texts(content, name):
    return {".".join(key): value.text for key, value in read_leaves(content, name).items()}


def kinds(content, name="m.json"):
    return {".".join(key): value.kind for key, value in read_leaves(content, name).items()}


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("m.json", b'{"train": {"f1": 0.1, "n": 9007199254740993}, "tags": [1, "a"]}'),
        ("m.yaml", b"train:\n  f1: 0.1\n  n: 9007199254740993\ntags: [1, a]\n"),
        ("m.toml", b'tags = [1, "a"]\n[train]\nf1 = 0.1\nn = 9007199254740993\n'),
        ("m.py", b"tags = (1, 'a')\nclass train:\n    f1: float = 0.1\n    n = 9007199254740993\nx = f()\n"),
    ],
)
def test_every_format_keeps_numbers_exact(name, content):
    assert texts(content, name) == {"train.f1": "0.1", "train.n": "9007199254740993", "tags": '[1, "a"]'}


def test_kinds_are_told_apart():
    content = (
        b'{"a": NaN, "b": Infinity, "c": -Infinity, "d": null, "e": true, "f": "x", "g": 1e999, "h": {}}'
    )
    assert kinds(content) == {
        "a": Kind.NAN,
        "b": Kind.PLUS_INFINITY,
        "c": Kind.MINUS_INFINITY,
        "d": Kind.NULL,
        "e": Kind.FLAG,
        "f": Kind.TEXT,
        "g": Kind.PLUS_INFINITY,
        "h": Kind.LIST,
    }
    assert kinds(b"a: .nan\nb: .inf\nc: -.inf\nd:\ne: true\n", "m.yaml") == {
        "a": Kind.NAN,
        "b": Kind.PLUS_INFINITY,
        "c": Kind.MINUS_INFINITY,
        "d": Kind.NULL,
        "e": Kind.FLAG,
    }


def test_dots_in_names_do_not_run_together():
    assert set(read_leaves(b'{"a.b": 1, "a": {"b": 2}}', "m.json")) == {("a.b",), ("a", "b")}


def test_a_bare_number_is_a_leaf_without_a_name():
    assert texts(b"0.9", "m.json") == {"": "0.9"}
    assert not read_leaves(b"", "m.yaml")
    assert not read_leaves(b"{}", "m.json")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("m.json", b""),
        ("m.json", b'{"a": 1, "a": 2}'),
        ("m.json", b'{"a": ' + b"9" * 5_000 + b"}"),
        ("m.json", b'{"a":' * 10_000 + b"1" + b"}" * 10_000),
        ("m.json", b'{"a":' * 200 + b"1" + b"}" * 200),
        ("m.json", b"[" * 100_000),
        ("m.json", b"<<<<<<< HEAD\n{}\n=======\n{}\n>>>>>>> x\n"),
        ("m.json", b"\xff\xfe\x00"),
        ("m.toml", b"a = 1\na = 2\n"),
        ("m.toml", b"a = " + b"[" * 10_000),
        ("m.py", b"def (:"),
        ("m.py", b"x = '\\ud800'"),
        ("m.json", b'{"\\ud800": 1}'),
        ("m.json", b'{"a": ["\\udfff"]}'),
        ("m.json", b"[" + b"1," * 2_000_001 + b"1]"),
        ("m.py", b"x = " + b"(" * 10_000),
        ("m.yaml", b"a: 1\na: 2\n"),
        ("m.yaml", b"\x00\x01\x02"),
        ("m.yaml", b"a: &x [1]\nb: " + b"[" * 300),
        ("m.json", b'{"a": 1e-999999999999999999999}'),
        ("m.yaml", b"a: 1e-999999999999999999999\n"),
        ("m.toml", b"a = 1e-999999999999999999999\n"),
    ],
)
def test_what_cannot_be_read_is_an_error_of_ours(name, content):
    with pytest.raises(MlciError):
        read_leaves(content, name)


def rows(amount):
    return {f"k{each}": each for each in range(amount)}


@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("m.json", lambda tree: json.dumps(tree, indent=0)),
        ("m.json", json.dumps),
        ("m.json", lambda tree: json.dumps({"all": tree}, indent=2)),
        ("m.yaml", lambda tree: "".join(f"{key}: {value}\n" for key, value in tree.items())),
        ("m.yaml", lambda tree: "{" + ",\n".join(f"{key}: {value}" for key, value in tree.items()) + "}"),
        ("m.toml", lambda tree: "".join(f"{key} = {value}\n" for key, value in tree.items())),
        ("m.py", lambda tree: ";".join(f"{key} = {value}" for key, value in tree.items())),
    ],
    ids=["json lines", "json", "json nested", "yaml", "yaml flow", "toml", "python"],
)
def test_values_are_counted_however_they_are_laid_out(monkeypatch, name, write):
    monkeypatch.setattr(leaves, "MOST_VALUES", 100)
    assert len(read_leaves(write(rows(100)).encode(), name)) == 100
    with pytest.raises(WorldError, match="more than 100 values"):
        read_leaves(write(rows(101)).encode(), name)


def test_commas_in_text_and_ends_of_lines_are_not_added_up(monkeypatch):
    monkeypatch.setattr(leaves, "MOST_VALUES", 100)
    content = json.dumps({"note": "a, b" * 60, "more": "x" * 40} | rows(30), indent=0).encode()
    assert len(read_leaves(content, "m.json")) == 32


def test_python_parameters_are_never_run(tmp_path):
    target = tmp_path / "ran"
    content = f"import pathlib\npathlib.Path({str(target)!r}).touch()\nlr = 0.1\n".encode()
    assert texts(content, "params.py") == {"lr": "0.1"}
    assert not target.exists()


def test_a_hundred_thousand_keys_take_little_memory():
    content = ("{" + ",".join(f'"k{each}": {each}.5' for each in range(100_000)) + "}").encode()
    tracemalloc.start()
    assert len(read_leaves(content, "m.json")) == 100_000
    assert tracemalloc.get_traced_memory()[1] < 300 * 1024**2
    tracemalloc.stop()
