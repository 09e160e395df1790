"""What is known of one version, as `show`, `card` and `resolve` tell it."""

import json

import pytest
import yaml
from msgspec.structs import replace

from mlci.adapters.files import FileTree
from mlci.app.bundle import write_diff, write_evidence
from mlci.app.card import card
from mlci.app.dossier import dossier
from mlci.app.registry.ledger import Intent
from mlci.app.resolve import resolve
from mlci.app.show import show
from mlci.core.config import Direction
from mlci.core.diff import Diff, MetricDiff, MetricVerdict
from mlci.core.evidence import Evidence
from mlci.core.finding import Finding, Interval, Status
from mlci.core.problems import WHOLE_FILE
from mlci.core.registry.journal import Kind
from mlci.core.report import plain
from mlci.core.strictjson import dumps
from mlci.core.yaml.node import Node
from mlci.errors import RefusedError
from mlci.ports.git import RefUpdate
from mlci.render import html, terminal
from tests.support.registry import CONFIG, begun
from tests.support.repository import repository

HOSTILE = "<script>alert(1)</script> @all"
PROSE = f"""# Model card

## Intended use
Only `credit` and {HOSTILE}
<!-- ## hidden -->

## Limits
- never alone
- not for
  children
"""


def finding(check, subject, **options):
    return Finding(check=check, subject=subject, status=Status.PASS, message=f"said {subject}", **options)


FINDINGS = {
    "bias": [finding("bias.equal_opportunity_difference", "income.sex=male", n=40)],
    "load": [finding("load.latency", "p95", observed=12.5)],
    "model": [
        finding("model.slice", "income.region=east.f1", n=99, interval=Interval(low=0.1, high=0.2)),
        finding("model.slice", "other.region=west.f1"),
        finding("model.slice", f"income.{HOSTILE}"),
    ],
}
WINDOWS = {"windows": [{"requests": 100, "failed": 1, "ms": {"0.5": 9.5, "0.95": 19.25, "0.99": 30.0}}, 7]}
SIGNATURES = {"signatures": {"income": {"takes": {"age": "number"}, "predicts": ["no", "yes"]}}}


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    node = Node(value={}, mark=WHOLE_FILE)
    config = replace(CONFIG, gates=dict.fromkeys(FINDINGS, node))
    story = repository(tmp_path_factory.mktemp("dossier") / "work")
    desk = begun(story, config=config)
    story.write(
        {"MODEL_CARD.md": PROSE, ".dvc/config": "['remote \"s\"']\nurl = ../store\n[core]\nremote = s\n"}
    )
    desk.merge(b"one")
    files = FileTree(story.path)
    for gate, findings in FINDINGS.items():
        figures = {"load": WINDOWS, "model": SIGNATURES}.get(gate, {})
        write_evidence(
            files, Evidence(gate=gate, commit=story.head, findings=tuple(findings), figures=figures)
        )
    metric = MetricDiff(
        metric="f1",
        model="income",
        direction=Direction.HIGHER,
        head=0.8125,
        head_interval=Interval(low=0.75, high=0.875),
        verdict=MetricVerdict.IMPROVED,
    )
    part = replace(metric, subject="region=east", head=0.75)
    write_diff(files, Diff(base=None, head=story.head, metrics=(metric, part)))
    desk.register()
    desk.reconcile()
    tag = desk.registry.model("income").current("staging").event.tag.name
    intent = Intent(
        kind=Kind.DEPLOY,
        model="income",
        commit=story.head,
        title="v0.1.0",
        environment="staging",
        about=tag,
        details={"ok": True},
    )
    desk.ledger.settle(lambda _: [intent])
    desk.git.fetch("origin", "+refs/mlci/*:refs/mlci/*", "+refs/tags/*:refs/tags/*")
    return desk


def read(desk, reference="income"):
    return dossier(desk.git, desk.config, "", reference)


def test_what_it_is_where_it_runs_and_how_the_deployment_went(desk):
    found = read(desk, "income#staging")

    (running,) = found.runs
    assert (running.environment, running.tag, running.deployed) == ("staging", "income#staging#1", True)
    assert found.kept.agrees(found.found.message) is True
    assert found.params == {"depth": 3}
    assert found.merged_by
    said = terminal.page(show(found))
    for word in (
        "staging",
        "deployed",
        "income.f1",
        "0.8125",
        "0.7500 to 0.8750",
        "1 metric more",
        "bias passed",
        "depth",
        desk.story.head,
    ):
        assert word in said
    assert json.loads(dumps(found.document()))["evidence_intact"] is True


def test_resolve_says_where_the_bytes_lie_and_every_metric_as_numbers(desk):
    found = resolve(desk.git, "income", config=desk.config).document()

    digest = found["hash"].removeprefix("md5:")
    assert (found["remote"], found["url"]) == ("s", f"store/files/md5/{digest[:2]}/{digest[2:]}")
    assert found["metrics"] == [
        {"name": "income.f1", "value": 0.8125, "low": 0.75, "high": 0.875, "verdict": "improved"},
        {"name": "income.f1.region=east", "value": 0.75, "low": 0.75, "high": 0.875, "verdict": "improved"},
    ]


def test_the_card_joins_what_people_say_with_what_was_measured(desk):
    made = card(desk.git, desk.config, "", read(desk))
    text = made.markdown()

    _, header, body = text.split("---\n", 2)
    document = yaml.safe_load(header)
    assert document["pipeline_tag"] == "tabular-classification"
    assert document["metrics"] == ["f1"]
    (result,) = document["model-index"][0]["results"]
    assert result["metrics"] == [{"type": "f1", "name": "income.f1", "value": 0.8125}]
    titles = [each.title for each in made.page.sections]
    assert titles[:4] == ["Intended use", "Limits", "Inputs and outputs", "Metrics"]
    assert {"Slices", "Groups", "Under load", "Latency", "Lineage", "History"} <= {*titles}
    assert "19.2" in body
    assert "west" not in body
    assert text == card(desk.git, desk.config, "", read(desk)).markdown()


def test_nothing_in_a_card_is_live(desk):
    made = card(desk.git, desk.config, "", read(desk))
    for text in (made.markdown(), made.html(), html.page(show(read(desk)))):
        assert "<script" not in text
        assert "hidden" not in text
    assert " @all" not in made.markdown()


def test_a_card_without_prose_or_evidence_is_still_one(tmp_path):
    desk = begun(repository(tmp_path / "work"))
    desk.merge(b"one").register()
    made = card(desk.git, desk.config, "", read(desk))
    assert plain(made.page.title) == "Model card: income v0.1.0"
    assert "Metrics" not in [each.title for each in made.page.sections]


def test_evidence_that_was_changed_is_noticed(desk, tmp_path):
    clone = desk.clone(tmp_path / "clone")
    clone.git.fetch("origin", "+refs/mlci/*:refs/mlci/*")
    tip = clone.git.refs("refs/mlci/registry")["refs/mlci/registry"]
    path = "credit/income/v0.1.0/evidence/bias.json"
    made = clone.git.write_commit({path: b"{}"}, parent=tip, message="forge\n", when=desk.clock.now())
    clone.git.update_refs(RefUpdate(ref="refs/mlci/registry", new=made))

    found = read(clone)

    assert found.kept.agrees(found.found.message) is False
    assert "not what the tag promises" in terminal.page(show(found))


def test_a_plain_clone_has_no_journal_and_accuses_nobody(desk, tmp_path):
    found = read(desk.clone(tmp_path / "clone"))

    assert (found.intact, found.kept.evidence) == (None, ())
    assert "not what the tag promises" not in terminal.page(show(found))
    assert "mlci reconcile --check" in found.notes[0]
    assert read(desk).notes == ()


def test_an_unknown_version_is_refused(desk):
    with pytest.raises(RefusedError):
        read(desk, "income@v9.0.0")
