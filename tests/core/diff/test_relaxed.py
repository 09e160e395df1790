"""What a change asks less of is told; what it asks more of, or what it does not touch, is not."""

from collections.abc import Iterator, Mapping
from datetime import date
from enum import Enum

import pytest
from msgspec import Struct
from msgspec.structs import replace

from mlci.core.config import (
    Ci,
    Columns,
    Config,
    Direction,
    Environment,
    Judge,
    Margin,
    Model,
    Objective,
    Remotes,
    ReportSettings,
    Rows,
    Task,
    Waiver,
)
from mlci.core.diff.relaxed import HARMLESS, RELAXED, WAIVERS, Answers, relaxed
from mlci.core.finding import Finding, Status
from mlci.core.yaml.tree import parse

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
P99 = Objective(metric="p99", source="m.json#/p99", at_most=20.0)
RENAMED = ReportSettings(renamed={"m.json#/p95": "m.json#/p99"})


def test_an_objective_by_another_label_is_not_removed() -> None:
    other = replace(P95, metric="latency", at_most=30.0)
    assert told(BEFORE, config(F1, other)) == [
        ("latency", "it is 'latency from m.json#/p95' and was 'p95 from m.json#/p95'"),
        ("latency", "`at_most` goes from 20.0 to 30.0"),
    ]


def test_an_objective_whose_metric_was_renamed_by_the_file_s_own_word_is_held_against_what_it_was() -> None:
    now = replace(config(F1, replace(P99, at_most=30.0)), report=RENAMED)
    assert told(BEFORE, now)[:2] == [
        ("p99", "it is 'p99 from m.json#/p99' and was 'p95 from m.json#/p95'"),
        ("p99", "`at_most` goes from 20.0 to 30.0"),
    ]


@pytest.mark.parametrize(
    ("before", "now", "hinted"),
    [
        ((F1, P95), (F1, P99), True),
        ((F1, P95), (F1,), False),
        ((F1, P95), (F1, P99, replace(P99, metric="p50", source="m.json#/p50")), False),
        ((F1, P95, replace(P95, metric="p90", source="m.json#/p90")), (F1, P99), False),
        ((F1, P95), (F1, replace(P99, source="n.json#/p99")), False),
        ((F1, P95, P99), (F1, P99), False),
        ((F1,), (P95,), False),
    ],
)
def test_the_only_objective_that_a_removed_one_may_be_is_named_with_what_to_write(
    before, now, hinted
) -> None:
    found = [each for each in relaxed(config(*before), config(*now)) if "is removed" in each.message]
    assert found
    for each in found:
        assert ("'p99 from m.json#/p99' is new" in each.message) is hinted
        assert ("`report: {renamed: {m.json#/p95: m.json#/p99}}`" in (each.help or "")) is hinted


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


def test_what_is_judged_by_its_value_alone_where_its_interval_decided_is_told() -> None:
    said = "it is judged by its value alone, no more by its interval"
    assert told(BEFORE, config(replace(F1, exact=True), P95)) == [("income.f1", said)]
    # What a file says has no interval.
    assert told(BEFORE, config(F1, replace(P95, exact=True))) == []


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


SIZE = Objective(
    metric="size", source="m.json#/size", direction=Direction.LOWER, may_drop=Margin(value=1.0), exact=True
)
WAIVER = Waiver(check="data.rows", subject="train", owner="ann", reason="known", until=date(2027, 1, 1))
WHOLE = Config(
    project="credit",
    python="python3",
    models={"income": replace(INCOME, load="credit:load", owner="ann")},
    objectives=(F1, P95, SIZE),
    gates={"data": parse(b"{}", name="f")},
    waivers=(WAIVER,),
    remotes=Remotes(read="one", write="two", pull_request="three"),
    environments={"prod": Environment(name="prod", follows="staging", needs="staging", deploy="make deploy")},
    ci=Ci(install="make", mlci="mlci==1", dedicated=True, secrets=("TOKEN",)),
)


def variants(place: str, value: object) -> Iterator[tuple[str, object]]:
    """What a value may become, with the field that it is: every field of every part changed by itself."""
    match value:
        case Struct() if type(value).__module__ == Config.__module__:
            for name in value.__struct_fields__:
                inner = f"{place}.{name}".removeprefix(".")
                for at, changed in variants(inner, getattr(value, name)):
                    yield at, replace(value, **{name: changed})
        case Mapping() if any(isinstance(each, Struct) for each in value.values()) and place != "gates":
            yield place, {}
            for key, each in value.items():
                yield from ((at, {**value, key: changed}) for at, changed in variants(place, each))
        case tuple() if any(isinstance(each, Struct) for each in value):
            for index, each in enumerate(value):
                for at, changed in variants(place, each):
                    yield at, (*value[:index], changed, *value[index + 1 :])
        case float():
            yield from ((place, value - 1), (place, value + 1))
        case _:
            yield place, other(value)


def other(value: object) -> object:
    """Another value of the same kind, and none that asks for more."""
    match value:
        case Enum():
            return next(each for each in type(value) if each is not value)
        case bool():
            return not value
        case date():
            return value.replace(year=value.year + 1)
        case Mapping():
            return {} if value else {"a": "b"}
        case tuple():
            return () if value else ("a",)
        case Margin():
            return replace(value, value=value.value + 1)
        case int():
            return value - 1
        case _:
            return "other" if value is None or value == "" else None


def outermost(place: str) -> str:
    """A part of a model that has parts of its own is told as one."""
    return ".".join(place.split(".")[:2])


PARTS = {
    "models": Model,
    "objectives": Objective,
    "waivers": Waiver,
    "remotes": Remotes,
    "environments": Environment,
    "ci": Ci,
    "report": ReportSettings,
}


def test_no_field_of_the_configuration_can_be_changed_unseen() -> None:
    told: dict[str, bool] = {}
    for place, changed in variants("", WHOLE):
        part = ".".join(place.split(".")[:2])  # what a part has parts of its own in is told as one
        told[part] = told.get(part, False) or bool(list(relaxed(WHOLE, changed)))
    fields = {f"{part}.{name}" for part, kind in PARTS.items() for name in kind.__struct_fields__}
    assert told.keys() >= fields | {*Config.__struct_fields__} - PARTS.keys()
    assert {part for part, seen in told.items() if not seen} == HARMLESS


@pytest.mark.parametrize(
    ("now", "subject", "what"),
    [
        (replace(WHOLE, environments={}), "prod", "the environment is gone from mlci.yaml"),
        (
            replace(WHOLE, environments={"prod": replace(WHOLE.environments["prod"], needs=None)}),
            "prod",
            "`needs:` is removed",
        ),
        (
            replace(WHOLE, models={"income": replace(WHOLE.models["income"], path="n", owner="bo")}),
            "income",
            "`path:` is 'n' and was 'm'",
        ),
        (replace(WHOLE, ci=replace(WHOLE.ci, branch="dev")), "ci", "`branch:` is 'dev' and was 'main'"),
        (replace(WHOLE, ci=replace(WHOLE.ci, dedicated=False)), "ci", "`dedicated:` is removed"),
        (
            replace(WHOLE, report=ReportSettings(rows=Rows.SAMPLES)),
            "report",
            "`rows:` is 'samples' and was 'counts'",
        ),
        (replace(WHOLE, report=ReportSettings(renamed={"a": "b"})), "report", "`renamed:` has changed"),
        (
            replace(WHOLE, waivers=(*WHOLE.waivers, replace(WAIVER, check="model.objective"))),
            "model.objective on train",
            "it is waived until 2027-01-01",
        ),
        (
            replace(WHOLE, waivers=(replace(WAIVER, until=date(2028, 1, 1)),)),
            "data.rows on train",
            "it is waived until 2028-01-01, and was until 2027-01-01",
        ),
    ],
)
def test_what_forgives_or_decides_elsewhere_is_told(now: Config, subject: str, what: str) -> None:
    assert told(WHOLE, now) == [(subject, what)]


def test_what_is_added_and_asks_more_is_not_told() -> None:
    bare = replace(
        WHOLE,
        models={"income": replace(INCOME, predictions=None, test=None)},
        environments={"prod": Environment(name="prod", follows="staging")},
        ci=replace(WHOLE.ci, dedicated=False),
        waivers=(),
    )
    assert told(bare, replace(WHOLE, waivers=())) == []


LIMIT = Waiver(check="model.objective", subject="income.f1", owner="ann", reason="r", until=date(2027, 1, 1))


def red(subject: str, status: Status = Status.FAIL) -> Finding:
    return Finding(check="model.objective", subject=subject, status=status, message="no")


@pytest.mark.parametrize(
    ("today", "findings", "asked", "check", "what"),
    [
        (date(2027, 1, 1), [red("income.f1")], {"model"}, RELAXED, "it is waived until 2027-01-01"),
        (
            date(2027, 1, 1),
            [red("income.f1", Status.ERROR)],
            {"model.objective"},
            RELAXED,
            "it is waived until",
        ),
        (date(2027, 1, 2), [red("income.f1")], {"model"}, WAIVERS, "that ended on 2027-01-01"),
        (
            date(2027, 1, 1),
            [red("income.auc")],
            {"model"},
            WAIVERS,
            "nothing of that is red: it forgives nothing",
        ),
        (
            date(2027, 1, 1),
            [red("income.f1", Status.WARN)],
            {"model.objective"},
            WAIVERS,
            "nothing of that is red",
        ),
        (date(2027, 1, 1), [], {"data", "model.slice"}, RELAXED, "it is waived until 2027-01-01"),
    ],
    ids=["red", "not to be answered", "ended", "another subject", "a warning", "not asked"],
)
def test_a_waiver_that_forgives_nothing_is_told_as_such(today, findings, asked, check, what) -> None:
    answers = Answers(today=today, findings=findings, asked=frozenset(asked))
    (told,) = relaxed(WHOLE, replace(WHOLE, waivers=(WAIVER, LIMIT)), answers)
    assert (told.check, told.subject, told.status) == (check, "model.objective on income.f1", Status.WARN)
    assert what in told.message
    assert ("asks less" in told.message) is (check == RELAXED)


def test_a_waiver_that_was_there_already_is_not_told_again() -> None:
    answers = Answers(today=date(2030, 1, 1), asked=frozenset({"model", "data"}))
    assert not list(relaxed(replace(WHOLE, waivers=(WAIVER, LIMIT)), WHOLE, answers))
