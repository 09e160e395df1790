"""What a change asks less of is told; what it asks more of, or what it does not touch, is not."""

import pytest
from msgspec.structs import replace

from mlci.core.config import Config, Judge, Margin, Model, Objective, Task
from mlci.core.finding import Status
from mlci.core.relaxed import relaxed

INCOME = Model(name="income", path="m", task=Task.BINARY, test="t.csv")
F1 = Objective(metric="f1", model="income", at_least=0.8, may_drop=Margin(value=0.01), judge=Judge.INTERVAL)
P95 = Objective(metric="p95", source="m.json#/p95", at_most=20.0)


def config(*objectives: Objective, model: Model = INCOME, gates=("data",)) -> Config:
    return Config(
        project="credit", models={model.name: model}, objectives=objectives, gates=dict.fromkeys(gates)
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
            "`test:` is removed, so nobody asks whether its predictions are whole",
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


def test_a_gate_that_goes_is_named_and_a_model_that_goes_takes_its_objectives_along() -> None:
    other = config(P95, model=replace(INCOME, name="other"), gates=())
    assert [each.check for each in relaxed(BEFORE, other)] == ["diff.gates"]
