"""Which stages must run, and why."""

import re
from collections.abc import Mapping
from itertools import permutations

import pytest

from mlci.core.dvc.files import Hashed, read_lock, read_pipeline
from mlci.core.dvc.forecast import why
from mlci.core.dvc.stages import Cause, Planned, Seen, Standing, plan_stages
from mlci.core.strictjson import JsonValue
from mlci.errors import ConfigError

PIPELINE = """
stages:
  report: {cmd: python report.py, deps: [model, src/report.py], outs: [report.html]}
  train:
    cmd: python train.py
    deps: [data/train.csv, src/train.py]
    params: [lr, net.depth, other.yaml: ]
    outs: [model]
  prepare: {cmd: python prepare.py, deps: [raw.csv], outs: [data]}
"""
LOCK = """
schema: '2.0'
stages:
  prepare:
    cmd: python prepare.py
    deps: [{path: raw.csv, hash: md5, md5: r1}]
    outs: [{path: data, hash: md5, md5: d1.dir}]
  train:
    cmd: python train.py
    deps: [{path: data/train.csv, hash: md5, md5: t1}, {path: src/train.py, hash: md5, md5: s1}]
    params: {params.yaml: {lr: 0.1, net.depth: 3}, other.yaml: {a: 1}}
    outs: [{path: model, hash: md5, md5: m1}]
  report:
    cmd: python report.py
    deps: [{path: model, hash: md5, md5: m1}, {path: src/report.py, hash: md5, md5: s2}]
    outs: [{path: report.html, hash: md5, md5: h1}]
"""
PARAMS: dict[str, Mapping[str, JsonValue]] = {
    "params.yaml": {"lr": 0.1, "net": {"depth": 3}},
    "other.yaml": {"a": 1},
}
HERE = {
    "raw.csv": "r1", "data": "d1.dir", "data/train.csv": "t1", "src/train.py": "s1", "model": "m1",
    "src/report.py": "s2", "report.html": "h1",
}  # fmt: skip


def hashed(word: str) -> str:
    """The hash that a word of these tests stands for."""
    name, dot, ending = word.partition(".")
    return f"{ord(name[0]):x}{name[1]:0>30}{dot}{ending}"


def plan(
    pipeline: str = PIPELINE,
    lock: str = LOCK,
    here: Mapping[str, str] = HERE,
    params: Mapping[str, Mapping[str, JsonValue]] = PARAMS,
) -> dict[str, Planned]:
    def look(path: str, recorded: Hashed) -> Seen:
        if path not in here:
            return Seen.MISSING
        return Seen.SAME if hashed(here[path]) == recorded.value else Seen.DIFFERENT

    stages = read_pipeline(pipeline.encode()).stages
    recorded = re.sub(r"(?<=md5: )[\w.]+", lambda found: hashed(found[0]), lock)
    planned = plan_stages(stages, read_lock(recorded.encode()), look=look, params=params.get)
    return {each.name: each for each in planned}


def standings(planned: Mapping[str, Planned]) -> dict[str, str]:
    return {name: each.standing.value for name, each in planned.items()}


def reasons(planned: Planned) -> list[tuple[Cause, str]]:
    return [(each.cause, each.subject) for each in planned.reasons]


def without(*paths: str) -> dict[str, str]:
    return {path: value for path, value in HERE.items() if path not in paths}


def test_nothing_changed_nothing_runs_and_the_order_is_that_of_need() -> None:
    planned = plan()
    assert standings(planned) == {"prepare": "current", "train": "current", "report": "current"}
    assert list(planned) == ["prepare", "train", "report"]
    assert planned["train"].upstream == ("prepare",)
    assert not any(each.runs or each.absent for each in planned.values())


def test_a_clean_clone_is_current_and_knows_what_is_absent() -> None:
    clone = {"raw.csv": "r1", "src/train.py": "s1", "src/report.py": "s2", "data/train.csv": "t1"}
    planned = plan(here=clone)
    assert set(standings(planned).values()) == {"current"}
    assert planned["prepare"].absent == ("data",)
    assert planned["report"].absent == ("report.html",)


def edited(old: str, new: str) -> dict[str, str]:
    assert old in PIPELINE
    return {"pipeline": PIPELINE.replace(old, new)}


def set_to(file: str, values: dict[str, JsonValue]) -> dict[str, Mapping[str, JsonValue]]:
    return {**PARAMS, file: values}


@pytest.mark.parametrize(
    ("changes", "cause", "subject", "said"),
    [
        ({"here": {**HERE, "src/train.py": "s9"}}, Cause.DEPENDENCY, "src/train.py", "src/train.py changed"),
        ({"here": without("src/train.py")}, Cause.DEPENDENCY, "src/train.py", "src/train.py is gone"),
        ({"here": {**HERE, "model": "m9"}}, Cause.OUTPUT, "model", "its output model is not the one it made"),
        (
            {"params": set_to("params.yaml", {"lr": 1, "net": {"depth": 3}})},
            Cause.PARAMETER,
            "params.yaml:lr",
            "parameter params.yaml:lr changed",
        ),
        (
            {"params": set_to("params.yaml", {"lr": 0.1})},
            Cause.PARAMETER,
            "params.yaml:net.depth",
            "parameter params.yaml:net.depth is gone",
        ),
        (
            {"params": set_to("other.yaml", {"a": 1, "b": 2})},
            Cause.PARAMETER,
            "other.yaml:b",
            "parameter other.yaml:b is new to dvc.lock",
        ),
        (
            {"params": {"params.yaml": PARAMS["params.yaml"]}},
            Cause.PARAMETER,
            "other.yaml",
            "parameter other.yaml is gone",
        ),
        (edited("python train.py", "python3 train.py"), Cause.COMMAND, "", "its command changed"),
        (
            edited("outs: [model]", "outs: [model, log]"),
            Cause.OUTPUT,
            "log",
            "its output log is new to dvc.lock",
        ),
        (
            edited("src/train.py]", "src/train.py, new.py]"),
            Cause.DEPENDENCY,
            "new.py",
            "new.py is new to dvc.lock",
        ),
        (
            edited("outs: [model]", "outs: [model]\n    always_changed: true"),
            Cause.ALWAYS,
            "",
            "it runs every time",
        ),
        ({"lock": LOCK.replace("  train:", "  trained:")}, Cause.NEVER_RAN, "", "dvc.lock does not know it"),
    ],
)
def test_why_a_stage_is_stale_and_what_follows(changes: dict, cause: Cause, subject: str, said: str) -> None:
    planned = plan(**changes)
    assert reasons(planned["train"]) == [(cause, subject)]
    assert why(planned["train"]) == said
    assert standings(planned) == {"prepare": "current", "train": "stale", "report": "follows"}
    assert reasons(planned["report"]) == [(Cause.UPSTREAM, "train")]


@pytest.mark.parametrize("shorter", [edited("[lr, ", "["), edited(", src/train.py]", "]")])
def test_what_is_no_longer_declared_is_nobodys_reason(shorter: dict) -> None:
    assert not any(each.runs for each in plan(**shorter).values())


def test_an_output_that_git_keeps_cannot_be_pulled() -> None:
    uncached = edited("outs: [report.html]", "outs: [{report.html: {cache: false}}]")
    assert reasons(plan(**uncached, here=without("report.html"))["report"]) == [
        (Cause.MISSING, "report.html")
    ]


def test_a_command_that_reads_and_makes_nothing_runs_each_time() -> None:
    lock = "{schema: '2.0', stages: {tell: {cmd: x}}}"
    assert reasons(plan("stages: {tell: {cmd: x}}", lock)["tell"]) == [(Cause.ALWAYS, "")]


def test_records_that_disagree_are_stale_without_any_file() -> None:
    lock = LOCK.replace(
        "outs: [{path: model, hash: md5, md5: m1}]", "outs: [{path: model, hash: md5, md5: m2}]"
    )
    planned = plan(lock=lock, here=without("model"))
    assert reasons(planned["report"]) == [(Cause.DEPENDENCY, "model")]
    assert planned["train"].standing is Standing.CURRENT


def test_a_part_of_a_directory_that_is_not_here_is_unknown_and_runs() -> None:
    planned = plan(here=without("data", "data/train.csv"))
    assert planned["train"].standing is Standing.UNKNOWN
    assert planned["train"].runs
    assert planned["report"].standing is Standing.FOLLOWS


def test_a_frozen_stage_runs_never_and_passes_nothing_on() -> None:
    frozen = PIPELINE.replace("outs: [model]", "outs: [model]\n    frozen: true")
    planned = plan(pipeline=frozen, here={**HERE, "raw.csv": "r9"})
    assert standings(planned) == {"prepare": "stale", "train": "frozen", "report": "current"}


def test_a_template_is_left_to_dvc() -> None:
    planned = plan(pipeline="stages: {a: {cmd: 'x ${lr}'}, b: {foreach: [1], do: {cmd: x}}}", lock="")
    assert standings(planned) == {"a": "unknown", "b": "unknown"}


def test_a_cycle_and_a_shared_output_are_refused() -> None:
    with pytest.raises(ConfigError) as cycle:
        plan(pipeline="stages: {a: {cmd: x, deps: [p], outs: [q]}, b: {cmd: x, deps: [q], outs: [p]}}")
    assert cycle.value.id == "stage-cycle"
    with pytest.raises(ConfigError, match="'a' depends on 'seed_1', which it makes itself") as own:
        plan("stages: {a: {cmd: x, deps: [seed_1], outs: [seed_1/scores.json]}}")
    assert own.value.id == "stage-cycle"
    for one, other in permutations(("out", "out/part")):
        with pytest.raises(ConfigError) as shared:
            plan(pipeline=f"stages: {{a: {{cmd: x, outs: [{one}]}}, b: {{cmd: x, outs: [{other}]}}}}")
        assert shared.value.id == "output-shared"


def test_lists_are_counted_into_by_dotted_keys() -> None:
    pipeline = "stages: {a: {cmd: x, params: [layers.1.size]}}"
    lock = "{schema: '2.0', stages: {a: {cmd: x, params: {params.yaml: {layers.1.size: 8}}}}}"
    values: dict[str, Mapping[str, JsonValue]] = {"params.yaml": {"layers": [{"size": 4}, {"size": 8}]}}
    assert plan(pipeline, lock, {}, values)["a"].standing is Standing.CURRENT
    assert plan(pipeline, lock, {}, {"params.yaml": {"layers": []}})["a"].standing is Standing.STALE
