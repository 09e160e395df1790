"""The stages of a run, in every face of a report; what a stranger's job says of them is data."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from msgspec.structs import replace

from mlci.core.diff import Occasion
from mlci.core.evidence import Evidence
from mlci.core.finding import Finding, Status
from mlci.core.report import Graph, Node, Report, Table, Tone, plain
from mlci.core.report.compose import compose
from mlci.core.report.compose.pipeline import MOST_DRAWN, section
from mlci.core.report.picture import mermaid
from mlci.core.strictjson import JsonValue
from mlci.render import html, markdown, terminal


def stage(name: str, standing: str = "current", cause: str = "", upstream: tuple[str, ...] = ()) -> JsonValue:
    reasons: list[JsonValue] = [{"cause": cause, "subject": "lr"}] if cause else []
    return {"name": name, "standing": standing, "reasons": reasons, "upstream": [*upstream]}


def evidence(*stages: JsonValue, **figures: JsonValue) -> Evidence:
    return Evidence(
        gate="pipeline", commit="a" * 40, findings=(), figures={"plan": {"stages": [*stages]}, **figures}
    )


THREE = (
    stage("prepare"),
    stage("train", "stale", "parameter", ("prepare",)),
    stage("report", "follows", "", ("prepare", "train")),
)


def told(found: Evidence) -> Report:
    return compose(project="credit", evidence=[found], diff=None, occasion=Occasion.PULL_REQUEST)


def test_says_what_ran_and_why_and_how_long() -> None:
    report = told(
        evidence(*THREE, ran={"train": 240.0, "report": 3.0}, expected={"train": 60.0, "prepare": 5.0})
    )
    said = terminal.render(report)
    assert "Stages (2 of 3 stages ran)" in said
    assert "train    ! stale: parameter lr changed  4 min      60 s" in said
    assert "  prepare (current)\n  `- train (stale, ran 4 min)\n    `- report (follows, ran 3 s)\n" in said


@pytest.mark.parametrize("status", [Status.PASS, Status.FAIL])
def test_a_stage_that_came_from_the_cache_is_not_stale_any_more(status: Status) -> None:
    proof = Finding(check="pipeline.reproduced", subject="dvc.yaml", status=status, message="m")
    found = section(replace(evidence(*THREE), findings=(proof,)))
    assert found is not None
    table, graph = found.blocks
    assert isinstance(table, Table)
    assert isinstance(graph, Graph)
    restored = status is Status.PASS
    was = "stale: parameter lr changed" + ("; taken from DVC's cache" if restored else "")
    assert (plain(table.rows[0][1].text), table.rows[0][1].tone is Tone.MUTED) == (was, restored)
    told = "was stale, taken from DVC's cache" if restored else "stale"
    assert (graph.nodes[1].state, graph.nodes[1].tone) == (told, Tone.MUTED if restored else Tone.WARN)


def test_markdown_has_a_graph_that_forges_draw() -> None:
    said = markdown.render(told(evidence(*THREE, ran={"train": 240.0})))
    assert '```mermaid\nflowchart TD\n  s0["prepare<br>current"]:::muted\n' in said
    assert '  s1["train<br>stale, ran 4 min"]:::good\n' in said
    assert "  s0 --> s1\n  s0 --> s2\n  s1 --> s2\n" in said
    before = said.partition("```mermaid")[0]
    assert before.count("<details>") == before.count("</details>") + 1


def test_the_page_has_the_same_as_a_tree() -> None:
    assert '<li class="good d1"><code>train</code> stale, ran 4 min</li>' in html.render(
        told(evidence(*THREE, ran={"train": 240.0}))
    )


def test_of_many_stages_those_that_count_are_drawn() -> None:
    many = [stage(f"s{at}") for at in range(200)] + [stage(f"t{at}", "stale", "command") for at in range(60)]
    found = section(evidence(*many, ran={"s7": 1.0}))
    assert found is not None
    (graph,) = [each for each in found.blocks if isinstance(each, Graph)]
    assert len(graph.nodes) == MOST_DRAWN
    assert [each.name for each in graph.nodes[:2]] == ["s7", "t0"]
    said = markdown.render(told(evidence(*many, ran={"s7": 1.0})))
    assert f"{260 - MOST_DRAWN} more stages not drawn" in said
    assert len(said.encode()) <= markdown.LIMIT


def test_a_graph_without_room_is_left_out_whole() -> None:
    many = [stage("n" * 60 + str(at), "stale", "command") for at in range(40)]
    assert "```" not in markdown.render(told(evidence(*many)), limit=6_000)


def test_one_stage_is_no_graph() -> None:
    assert "```" not in markdown.render(told(evidence(stage("train"))))


@pytest.mark.parametrize(
    "plan",
    [
        None,
        7,
        {"stages": 7},
        {"stages": [7]},
        {"stages": [{"name": "a"}]},
        {"stages": [stage("a", "nonsense")]},
        {"stages": [stage("a", "stale", "nonsense")]},
        {"stages": [stage("a"), stage("a")]},
        {"stages": [stage("a", upstream=("a",))]},
        {"stages": [stage("a", upstream=("b",)), stage("b")]},
    ],
)
def test_what_is_no_plan_is_no_section(plan: JsonValue) -> None:
    found = Evidence(gate="pipeline", commit="a" * 40, findings=(), figures={"plan": plan})
    assert section(found) is None


@pytest.mark.parametrize("took", [True, -1, 1e300, "1", None, [1]])
def test_what_is_no_duration_is_passed_over(took: JsonValue) -> None:
    found = evidence(*THREE, ran={"train": took}, expected=[took])
    assert "0 of 3 stages ran" in terminal.render(told(found))


@given(st.text(max_size=200))
@example('"]; click s0 href "x"')
@example("```\n</details>\n::error::##[x]")
@example("n" * 1_000)
def test_a_name_is_a_label_and_nothing_else(name: str) -> None:
    first, box, *classes = mermaid(Graph(nodes=(Node(name=name, state=name),)))
    assert first == "flowchart TD"
    assert len(classes) == 1
    label = box.removeprefix('  s0["').removesuffix('"]:::neutral').replace("<br>", "", 1)
    assert not {*'`<>"[]{}()|\n&%'} & {*label}
