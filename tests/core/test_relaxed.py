"""What a change asks less of is told; what it asks more of, or what it does not touch, is not."""

import pytest
from msgspec.structs import replace

from mlci.core.config import Columns, Config, Direction, Judge, Margin, Model, Objective, Task
from mlci.core.finding import Status
from mlci.core.relaxed import relaxed
from mlci.core.yamltree import parse

INCOME = Model(name="income", path="m", task=Task.BINARY, predictions="p.csv", test="t.csv")
F1 = Objective(metric="f1", model="income", at_least=0.8, may_drop=Margin(value=0.01), judge=Judge.INTERVAL)
P95 = Objective(metric="p95", source="m.json#/p95", at_most=20.0)


def config(*objectives: Objective, model: Model = INCOME, gates=("data",)) -> Config:
    return Config(
        project="credit",
        models={model.name: model},
        objectives=objectives,
        gates={each: parse(b"{}", name="f") for each in gates},
    )


def told(before: Config, now: Config) -> list[tuple[str, str]]:
    found = list(relaxed(before, now))
    assert all(each.status is Status.WARN for each in found)
    return [(each.subject, each.message.partition(": ")[2]) for each in found]


BEFORE = config(F1, P95)


def test_what_is_as_it_was_is_not_told() -> None:
    assert told(BEFORE, BEFORE) == []


@pytest.mark.parametrize(
    ("now", "subject", "what"),
    [
        (config(P95), "income.f1", "the objective is removed"),
        (config(replace(F1, at_least=0.7), P95), "income.f1", "`at_least` goes from 0.8 to 0.7"),
        (config(replace(F1, at_least=None), P95), "income.f1", "`at_least` 0.8 is removed"),
        (config(F1, replace(P95, at_most=30.0)), "p95", "`at_most` goes from 20.0 to 30.0"),
        (config(F1, replace(P95, at_most=None)), "p95", "`at_most` 20.0 is removed"),
        (
            config(replace(F1, may_drop=Margin(value=0.05)), P95),
            "income.f1",
            "`may_drop` goes from 0.01 to 0.05",
        ),
        (config(replace(F1, may_drop=None), P95), "income.f1", "`may_drop` 0.01 is removed"),
        (
            config(replace(F1, may_drop=Margin(value=0.005, relative=True)), P95),
            "income.f1",
            "`may_drop` goes from 0.01 to 0.5 %",
        ),
        (
            config(replace(F1, judge=Judge.POINT), P95),
            "income.f1",
            "its limits are judged by the value alone, no more by its interval",
        ),
        (
            config(F1, P95, model=replace(INCOME, test=None)),
            "income",
            "`test:` is removed",
        ),
    ],
)
def test_less_is_told(now: Config, subject: str, what: str) -> None:
    assert told(BEFORE, now) == [(subject, what)]


@pytest.mark.parametrize(
    "now",
    [
        config(replace(F1, at_least=0.9), P95),
        config(F1, replace(P95, at_most=10.0)),
        config(replace(F1, may_drop=Margin(value=0.001)), P95),
        config(F1, P95, replace(F1, metric="accuracy")),
        config(F1, P95, gates=("data", "bias")),
    ],
)
def test_more_is_not_told(now: Config) -> None:
    assert told(BEFORE, now) == []
    assert told(now, BEFORE) != []


def test_a_gate_and_a_model_that_go_are_named() -> None:
    other = config(P95, model=replace(INCOME, name="other"), gates=())
    assert [(each.check, each.subject) for each in relaxed(BEFORE, other)] == [
        ("diff.gates", "data"),
        ("diff.relaxed", "income"),
    ]


@pytest.mark.parametrize(
    ("now", "subject"),
    [
        (config(F1, replace(P95, source="b.json#/p95")), "p95"),
        (config(F1, replace(P95, direction=Direction.HIGHER)), "p95"),
        (config(F1, P95, model=replace(INCOME, test="other.csv")), "income"),
        (config(F1, P95, model=replace(INCOME, predictions=None)), "income"),
        (config(F1, P95, model=replace(INCOME, columns=Columns(truth="y_pred"))), "income"),
        (config(F1, P95, model=replace(INCOME, task=Task.REGRESSION)), "income"),
    ],
)
def test_something_else_is_told_too(now: Config, subject: str) -> None:
    assert [each[0] for each in told(BEFORE, now)] == [subject]


def test_what_was_exact_is_told_when_it_is_no_more() -> None:
    exact = config(replace(F1, exact=True), P95)
    assert told(exact, BEFORE) == [("income.f1", "it is no more taken as exact")]


def test_two_objectives_of_one_name_from_two_files_are_two() -> None:
    twice = config(F1, P95, replace(P95, source="b.json#/p95", at_most=100.0))
    assert told(twice, twice) == []
    assert [each[0] for each in told(twice, config(F1, P95))] == ["p95"]


def gated(part: str) -> Config:
    return Config(project="credit", gates={"model": parse(part.encode(), name="f")})


def test_a_gates_own_part_is_compared_by_what_it_says_and_not_by_where() -> None:
    before = gated("{slices: [region], at_least: 3}")
    assert told(before, gated("\n\nslices:\n- region\nat_least: 3\n")) == []
    assert told(before, gated("{slices: []}")) == [("gates.model", "its part of mlci.yaml has changed")]
