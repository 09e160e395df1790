"""Diffs as values: what moved, exactly, and there and back through strict JSON."""

import json
from decimal import Decimal

import pytest

from mlci.core.config import Direction
from mlci.core.diff import (
    Artifact,
    ColumnDiff,
    Diff,
    FileDiff,
    FileState,
    Floor,
    FloorStatus,
    MetricDiff,
    MetricVerdict,
    Move,
    Pairing,
    StageDiff,
    ValueDiff,
)
from mlci.core.diff.json import SCHEMA, from_json, to_json
from mlci.core.diff.values import MISSING, Kind, Value, number, of
from mlci.core.finding import Interval
from mlci.core.strictjson import NotJson, dumps, loads, plain


def moved(base, head):
    return ValueDiff(path="metrics.json", key=("a", "b"), base=base, head=head)


FULL = Diff(
    base="1" * 40,
    head=None,
    base_name="main",
    metrics=(
        MetricDiff(
            metric="f1",
            direction=Direction.HIGHER,
            model="income",
            base=0.1,
            head=0.30000000000000004,
            interval=Interval(low=-1e-300, high=0.5),
            verdict=MetricVerdict.IMPROVED,
            floors=(Floor(limit=0.2, direction=Direction.HIGHER, status=FloorStatus.MET),),
        ),
        MetricDiff(metric="size", direction=Direction.LOWER),
    ),
    values=(moved(number("9007199254740993"), of("a|b`<img>\n@everyone")),),
    params=(moved(MISSING, of([1, "x"])),),
    files=(
        FileDiff(
            path="d.csv",
            artifact=Artifact.DATA,
            base=None,
            head=FileState(hash="x", size=3, rows=2),
            columns=(ColumnDiff(name="a|`b`", base=None, head="Int64"),),
        ),
    ),
    stages=(StageDiff(name="train", move=Move.CHANGED, because=("command",)),),
    pairings=(Pairing(model="income", rows=3, flipped=2),),
    notes=("one",),
)


def test_each_row_has_a_line_of_its_own_whatever_it_holds():
    signs = "".join(map(chr, range(300))) + "\u2028\u202e\U0001f600"
    value = Value(kind=Kind.TEXT, text=signs)
    rows = tuple(
        ValueDiff(path=each, key=key, base=MISSING, head=value)
        for each in signs
        for key in ((), (each, signs))
    )
    for diff in (Diff(base=None, head=None, values=rows, params=rows[:1]), Diff(base=None, head=None)):
        written = to_json(diff)
        assert loads(written) == loads(dumps({"schema": SCHEMA, **plain(diff)}))
        assert sum(line.startswith('    {"base"') for line in written.split("\n")) == len(
            diff.values + diff.params
        )
        assert from_json(to_json(diff)) == diff


def test_what_a_newer_mlci_adds_is_passed_over():
    document = json.loads(to_json(FULL))
    newer = {"new": {}, **document, "metrics": [{**each, "new": [1]} for each in document["metrics"]]}
    assert from_json(json.dumps(newer)) == FULL


def test_there_and_back_loses_nothing():
    assert from_json(to_json(FULL)) == FULL
    assert to_json(from_json(to_json(FULL))) == to_json(FULL)


def test_a_document_of_before_is_read_without_the_fields_that_came_since():
    document = json.loads(to_json(FULL))
    for name in ("labelled", "weights_differ", "clusters_differ"):
        del document["pairings"][0][name]
    for metric in document["metrics"]:
        del metric["head_n"]
    assert from_json(json.dumps(document)) == FULL


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"schema": 2}', '{"schema": 1}', '{"schema": 1, "base": null, "head": 1, "x": 2}'],
)
def test_another_document_is_refused(text):
    with pytest.raises(NotJson):
        from_json(text)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"n": null', '"n": "<img>"'),
        ('"base": 0.1', '"base": "0.1"'),
        ('"base": 0.1', '"base": 1e999'),
        ('"flipped": 2', '"flipped": true'),
        ('"verdict": "improved"', '"verdict": "fine"'),
        ('"text":"9007199254740993"', '"text":"<img>"'),
        ('"margin": null', '"margin": -1e308'),
        ('"one"', "1"),
    ],
)
def test_values_of_another_type_are_refused(old, new):
    document = to_json(FULL)
    assert old in document
    with pytest.raises(NotJson):
        from_json(document.replace(old, new, 1))


@pytest.mark.parametrize(
    ("base", "head", "move"),
    [
        (number("1"), number("1.0"), Move.UNCHANGED),
        (number("1"), number("2"), Move.CHANGED),
        (MISSING, of(None), Move.ADDED),
        (of(None), MISSING, Move.REMOVED),
        (of(None), number("0"), Move.CHANGED),
        (of(float("nan")), of(float("nan")), Move.UNCHANGED),
        (of(True), number("1"), Move.CHANGED),
        (of("1"), number("1"), Move.CHANGED),
    ],
)
def test_missing_null_zero_and_text_are_different_things(base, head, move):
    assert moved(base, head).move is move


def test_differences_are_exact():
    assert moved(number("0.1"), number("0.3")).difference == Decimal("0.2")
    assert moved(number("9007199254740992"), number("9007199254740993")).difference == 1
    assert moved(number("0"), number("3")).relative is None
    assert moved(number("-4"), number("-3")).relative == 0.25
    assert moved(of("x"), number("3")).difference is None


def test_numbers_beyond_doubles_count_as_infinite():
    assert number("1e999").kind is Kind.PLUS_INFINITY
    assert number("-1e999").kind is Kind.MINUS_INFINITY
