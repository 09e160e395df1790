import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from mlci.ci.yamltext import Noted, Spaced, dump

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=12,
)


@given(st.dictionaries(TEXTS, VALUES, max_size=4))
def test_what_is_written_is_what_is_read(document):
    assert yaml.safe_load(dump(document)) == (document or None)


@pytest.mark.parametrize("word", ["on", "no", "y", "null", "~", "3.12", "1e3", "0o14", "a: b", "a #b", ""])
def test_a_word_that_a_reader_could_take_for_something_else_is_quoted(word):
    assert dump({"key": word}) == f'key: "{word}"\n'.encode()


def test_a_script_is_a_block_that_reads_as_typed():
    assert dump({"run": "a\nb \\\n\n  c\n"}) == b"run: |\n  a\n  b \\\n\n    c\n"


def test_notes_stand_behind_scalars_and_mappings():
    document = {"on": Noted({"a": None}, "why"), "uses": [Noted("x@1", "v1")]}
    assert dump(document) == b'"on": # why\n  a:\n\nuses:\n  - x@1 # v1\n'


def test_spaced_entries_are_apart():
    assert dump({"jobs": Spaced({"a": 1, "b": 2})}) == b"jobs:\n  a: 1\n\n  b: 2\n"
