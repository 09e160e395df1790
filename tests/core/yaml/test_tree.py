"""YAML is typed by version 1.2, located, and refused before it can do harm."""

import json
import subprocess
import sys
import textwrap

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlci.core.dvc.nodes import json_of
from mlci.core.problems import Mark
from mlci.core.yaml.events import value_of
from mlci.core.yaml.node import CONFIG_LIMITS, DVC_LIMITS, Limits, Node
from mlci.core.yaml.tree import parse
from mlci.errors import ConfigError


def refused(content: bytes, limits: Limits = CONFIG_LIMITS) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        parse(content, name="mlci.yaml", limits=limits)
    return caught.value


def shortened(content: bytes) -> str:
    return ascii(content[:24])[2:-1]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None), ("~", None), ("null", None), ("NULL", None),
        ("true", True), ("FALSE", False),
        ("0", 0), ("-12", -12), ("+3", 3), ("0o17", 15), ("0xfF", 255),
        ("1.", 1.0), (".5", 0.5), ("1e3", 1000.0), ("-1.5E-2", -0.015), ("1e999", float("inf")),
        ("-.inf", float("-inf")), (".INF", float("inf")),
        ("yes", "yes"), ("NO", "NO"), ("on", "on"), ("Off", "Off"), ("y", "y"),
        ("1:30", "1:30"), ("012", "012"), ("0b11", "0b11"), ("1_000", "1_000"), ("0o8", "0o8"),
        ("2027-03-31", "2027-03-31"), ("2027-03-31 10:00:00", "2027-03-31 10:00:00"),
        ("=", "="), ("inf", "inf"), ("nan", "nan"), (".", "."), ("1e", "1e"), ("+", "+"), ("0x", "0x"),
    ],
)  # fmt: skip
def test_plain_scalars_are_typed_by_the_core_schema(text: str, value: object) -> None:
    assert value_of(text) == value
    assert type(value_of(text)) is type(value)


def test_a_number_of_5000_digits_stays_text() -> None:
    assert value_of("9" * 5000) == "9" * 5000


def test_quoted_scalars_are_text_and_keep_their_place() -> None:
    tree = parse(b"a:\n  - '1'\n  - \"true\"\n  - 2\n", name="x")
    assert [(each.value, each.plain, each.path) for each in tree.find("a").value] == [
        ("1", False, "a[0]"),
        ("true", False, "a[1]"),
        (2, True, "a[2]"),
    ]
    assert tree.find("a", 2).mark == Mark(line=4, column=5)
    assert tree.find_key("a").mark == Mark(line=1, column=1)
    assert tree.find("a", 7, "b") == tree.find("a")


def test_bom_and_crlf_change_nothing() -> None:
    plain = parse(b"a: 1\nb: [x, y]\n", name="x")
    assert parse(b"\xef\xbb\xbfa: 1\r\nb: [x, y]\r\n", name="x") == plain


def test_merge_keys_take_what_is_not_said() -> None:
    tree = parse(b"x: &x {a: 1, b: 2}\ny: &y {c: 3}\nz: {<<: [*x, *y], b: 5}\nq: {'<<': 1}\n", name="x")
    assert json_of(tree.find("z")) == {"a": 1, "b": 5, "c": 3}
    assert json_of(tree.find("q")) == {"<<": 1}


@pytest.mark.parametrize(
    ("content", "id"),
    [
        (b"[" * 100_000, "nested-too-deeply"),
        (b"- " * 100_000, "nested-too-deeply"),
        (b"{a: " * 100_000, "nested-too-deeply"),
        (b"? " * 100_000, "key-not-text"),
        (b"[a]: b\n", "key-not-text"),
        (b"a: &a [*a]\n", "alias-unknown"),
        (b"a: *b\n", "alias-unknown"),
        (b"a: &a x\nb: [" + b"*a," * 101 + b"]\n", "too-many-aliases"),
        (b"- a\n" * 200_000, "too-many-values"),
        (b"#" * (1024 * 1024 + 1), "file-too-large"),
        (b"a: !!python/name:os.system x\n", "yaml-tag"),
        (b"a: !x y\n", "yaml-tag"),
        (b"a: 1\na: 2\n", "duplicate-key"),
        (b"a: 1\n'a': 2\n", "duplicate-key"),
        (b"<<: 3\n", "merge-not-mapping"),
        (b"a: 1\r\n>>>>>>> other\r\n", "conflict-marker"),
        (b"||||||| base\n", "conflict-marker"),
        (b"a: 1\n--- b\n", "several-documents"),
        (b"a: 1\n%TAG ! x\n", "yaml-directive"),
        (b"a:\n\tb: 1\n", "yaml-tab"),
        (b"a: b: c\n", "yaml-syntax"),
        (b"a: \x07\n", "control-character"),
        (b"a: \x00\n", "control-character"),
        ("a: \ufffe\n".encode(), "control-character"),
        (b"a: \xed\xa0\x80\n", "not-utf-8"),
        (b"a: caf\xe9\n", "not-utf-8"),
        ("a: 1\n".encode("utf-16"), "not-utf-8"),
        ("a: 1\n".encode("utf-16-le"), "not-utf-8"),
        ("a: 1\n".encode("utf-32"), "not-utf-8"),
    ],
    ids=lambda value: shortened(value) if isinstance(value, bytes) else value,
)
def test_what_is_refused(content: bytes, id: str) -> None:
    assert refused(content).id == id


def test_a_bomb_is_refused_at_its_first_blow() -> None:
    assert refused(BOMB).id == "too-many-values"
    assert refused(BOMB, DVC_LIMITS).id == "too-many-values"


def test_a_place_is_right_beyond_the_first_chunk_and_after_a_character_cut_in_two() -> None:
    content = b"# " + b"x" * (1024 * 1024 - 3) + "é\n".encode() * 3 + b"a: \xff\n"
    assert refused(content, DVC_LIMITS).where == "mlci.yaml:4:4"


def test_text_that_looks_like_a_marker_is_no_conflict() -> None:
    assert json_of(parse(b"a: <<<<<<< x\nb: |\n  =======\n", name="x")) == {
        "a": "<<<<<<< x",
        "b": "=======\n",
    }


def bomb(levels: int) -> bytes:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, levels)]
    return "\n".join(lines).encode()


BOMB = bomb(9)

# Each is written by the child itself, which then says how long and how much memory the refusal took.
HOSTILE = {
    "brackets": "b'[' * 100_000",
    "ten megabytes": "b'a: b\\n' * 1_700_000",
    "bomb": "BOMB",
    "directives": "b''.join(b'%%TAG !t%d! x\\n' % i for i in range(60_000))",
    "many keys": "b''.join(b'k%d: 1\\n' % i for i in range(90_000))",
    "many duplicates": "b'a: 1\\n' * 40_000",
    "many unknown": "b''.join(b'%d: {a: [1]}\\n' % i for i in range(20_000))",
    "one long key": "b'k' * 1_000_000 + b': 1'",
    "one long line": "b'a: \"' + b'\\\\x1b' * 250_000 + b'\"'",
    "documents": "b'---\\n' * 250_000",
    "comments": "b'#\\n' * 500_000",
    "quotes": "b'\"' * 1_000_000",
    "colons": "b': ' * 500_000",
    "anchors": "b''.join(b'- &a%d\\n' % i for i in range(99_000))",
    "question marks": "b'? a\\n' * 200_000",
}


@pytest.mark.parametrize("expression", HOSTILE.values(), ids=HOSTILE)
def test_hostile_text_is_refused_within_a_second_and_100_megabytes(expression: str) -> None:
    child = textwrap.dedent(f"""
        import pathlib, time
        from mlci.app.configuration import read_configuration
        from mlci.errors import ConfigError
        BOMB = {BOMB!r}
        content = {expression}
        start = time.process_time()
        try:
            read_configuration(content)
        except ConfigError as error:
            seconds = time.process_time() - start
            # What getrusage says is no use here: it remembers the parent that this child was forked from.
            status = pathlib.Path("/proc/self/status")
            lines = status.read_text().splitlines() if status.exists() else []
            peak = sum(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))
            told = sum(map(len, error.problems))
            print(error.exit_code, seconds < 1, peak < 100, told < 100_000, error.id, seconds, peak, told)
    """)
    done = subprocess.run(
        [sys.executable, "-c", child], check=False, capture_output=True, text=True, timeout=60
    )
    assert done.stdout.startswith("2 True True True"), done.stdout + done.stderr


# JSON may hold a few characters that YAML folds or refuses: line separators, controls, halves of a pair.
TEXT = st.text(st.characters(exclude_categories=("Cc", "Cf", "Cn", "Cs", "Zl", "Zp")), max_size=12)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)


@settings(deadline=None)
@given(VALUES)
def test_json_is_read_as_json(value: object) -> None:
    assert json_of(parse(json.dumps(value, ensure_ascii=False).encode(), name="x")) == value


@settings(deadline=None)
@given(st.binary(max_size=120))
def test_any_bytes_end_in_a_tree_or_a_refusal(content: bytes) -> None:
    try:
        tree = parse(content, name="x")
    except ConfigError as error:
        assert error.problems  # noqa: PT017
    else:
        assert isinstance(tree, Node)
