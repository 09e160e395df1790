"""`mlci test` as a use case: which gates run, what is waived, what is left behind."""

from datetime import UTC, date, datetime

import pytest
from msgspec.structs import replace

from mlci.app import test as use_case
from mlci.app.bundle import evidence_path, read_bundle, write_diff, write_evidence
from mlci.app.configuration import read_configuration
from mlci.app.project import Project
from mlci.core.config import Waiver
from mlci.core.context import RunContext
from mlci.core.diff import Diff
from mlci.core.evidence import Evidence
from mlci.core.finding import Status, Verdict
from mlci.errors import UsageError
from tests.support.gate_room import hands_in
from tests.support.predicted import sampled, write

HEAD, OTHER = "a" * 40, "b" * 40
MLCI = b"""
version: 1
project: credit
models:
  income: {path: m, task: binary, test: test.parquet, predictions: predictions.parquet}
gates:
  data: {datasets: {test: {path: test.parquet, contract: contract.yaml}}}
  bias: {sensitive: [sex]}
"""


class Noon:
    """A clock at noon of one day."""

    def now(self):
        return datetime(2027, 3, 31, 12, tzinfo=UTC)

    def monotonic(self):
        return 0.0

    def sleep(self, seconds):
        pass


@pytest.fixture
def run(tmp_path):
    write(tmp_path, sampled(20_000, seed=1))
    (tmp_path / "contract.yaml").write_text("columns: {id: {}}", encoding="utf-8")
    hands = replace(hands_in(tmp_path), clock=Noon())

    def asked(*gates, commit=HEAD, waivers=(), source=MLCI):
        config, read = read_configuration(source)
        config = replace(config, waivers=tuple(waivers))
        project = Project(config=config, root=tmp_path, directory=tmp_path, prefix="", source=read)
        return use_case.test(project, gates, hands, context=RunContext(), commit=commit)

    asked.files = hands.files
    return asked


def waiver(until, **more):
    return Waiver(check="data.missing", owner="@ana", reason="known", until=until, **more)


def test_the_configured_gates_run_and_leave_evidence_that_a_report_reads(run):
    tested = run()
    assert [each.gate for each in tested.evidence] == ["bias", "data"]
    assert tested.unconfigured == ("load", "model")
    assert read_bundle(run.files).evidence == tested.evidence
    assert tested.verdict is Verdict.WARNED


def test_only_the_named_gate_runs(run):
    assert [each.gate for each in run("data").evidence] == ["data"]


@pytest.mark.parametrize(("name", "id_"), [("dta", "gate-unknown"), ("load", "gate-unconfigured")])
def test_a_gate_that_cannot_run_is_a_usage_error(run, name, id_):
    with pytest.raises(UsageError) as refused:
        run(name)
    assert refused.value.id == id_
    assert refused.value.help


def test_evidence_of_another_commit_does_not_survive(run):
    run(commit=OTHER)
    run("data")
    assert read_bundle(run.files).commit == HEAD
    run("bias")
    assert [each.gate for each in read_bundle(run.files).evidence] == ["bias", "data"]


def test_what_a_whole_run_left_of_another_commit_does_not_survive(run):
    for each in ("pipeline", "diff"):
        write_evidence(run.files, Evidence(gate=each, commit=OTHER, findings=()))
    write_diff(run.files, Diff(base=None, head=None))
    run()
    bundle = read_bundle(run.files)
    assert ([each.gate for each in bundle.evidence], bundle.diff) == (["bias", "data"], None)


def test_an_interrupted_run_leaves_no_old_answer(run, monkeypatch):
    run()
    monkeypatch.setattr("mlci.gates.data.gate.run", lambda request: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        run()
    assert not run.files.exists(evidence_path("data"))


@pytest.mark.parametrize(
    ("until", "verdict"),
    [(date(2027, 3, 31), Verdict.WARNED), (date(2027, 3, 30), Verdict.FAILED)],
)
def test_a_waiver_holds_through_its_last_day_and_is_red_after_it(run, until, verdict):
    run.files.write("contract.yaml", b"columns: {id: {missing: 0}, sex: {missing: 0}}")
    run.files.write("test.parquet", _with_holes())
    (evidence,) = run("data", waivers=[waiver(until)]).evidence
    (broken,) = [each for each in evidence.findings if each.status is Status.FAIL]
    assert evidence.verdict is verdict
    assert broken.waived.expired is (verdict is Verdict.FAILED)


def test_a_waiver_for_another_subject_changes_nothing(run):
    run.files.write("contract.yaml", b"columns: {id: {}, sex: {}}")
    run.files.write("test.parquet", _with_holes())
    last = date(2028, 1, 1)
    assert run("data", waivers=[waiver(last, subject="test.id")]).verdict is Verdict.FAILED
    assert run("data", waivers=[waiver(last, subject="test.sex")]).verdict is Verdict.WARNED


def test_a_project_without_gates_passes_and_says_which_it_could_have(run):
    tested = run(source=b"version: 1\nproject: credit\n")
    assert tested.evidence == ()
    assert tested.verdict is Verdict.PASSED
    assert tested.unconfigured == ("bias", "data", "load", "model")


def _with_holes():
    from io import BytesIO

    import polars as pl

    kept = BytesIO()
    pl.DataFrame({"id": [1, 2], "sex": ["F", None]}).write_parquet(kept)
    return kept.getvalue()
