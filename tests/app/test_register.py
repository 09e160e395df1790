from datetime import date

import pytest
from msgspec.structs import replace

from mlci.adapters.files import FileTree
from mlci.app.audit import audit
from mlci.app.bundle import read_bundle, write_diff, write_evidence
from mlci.app.register import pull_request_of
from mlci.app.resolve import resolve
from mlci.core.config import Direction, Waiver
from mlci.core.diff import Diff, MetricDiff, MetricVerdict, Pairing
from mlci.core.evidence import Evidence, Input, to_json
from mlci.core.finding import Finding, Status
from mlci.core.problems import WHOLE_FILE
from mlci.core.registry import journal
from mlci.core.registry.version import Part
from mlci.core.yaml.node import Node
from mlci.errors import ForgeError, IntegrityError, RefusedError
from mlci.ports.forge import PullRequest
from tests.support.fakes import FakeDvc, FakeForge
from tests.support.registry import CONFIG, begun, leave_judgement
from tests.support.repository import repository


@pytest.fixture
def desk(tmp_path):
    return begun(repository(tmp_path / "work"))


def written(done):
    return [each.tag for each in done.written]


def test_the_first_version_is_v010_and_a_second_run_writes_nothing(desk):
    desk.merge(b"one")
    assert written(desk.register()) == ["income@v0.1.0"]
    before = desk.story.bare().git("for-each-ref")
    assert written(desk.register()) == []
    assert desk.story.bare().git("for-each-ref") == before


def test_other_bytes_are_the_next_version_and_the_same_bytes_are_none(desk):
    desk.merge(b"one").register()
    again = desk.merge(prod="# nothing\n").register()
    assert (written(again), again.notes) == ([], ("income: the bytes are those of v0.1.0",))
    desk.merge(b"two")
    assert written(desk.register()) == ["income@v0.2.0"]


def test_bytes_of_an_older_version_say_so(desk):
    desk.merge(b"one").register()
    desk.merge(b"two").register()
    desk.merge(b"one")
    (done,) = desk.register().written
    assert ("Same-Bytes-As", "v0.1.0") in done.intent.trailers


def test_merges_that_were_passed_over_are_named(desk):
    desk.merge(b"one").register()
    passed = desk.merge(b"two").story.head
    desk.merge(prod="# nothing\n")
    desk.merge(b"three")
    (done,) = desk.register().written
    assert [value for key, value in done.intent.trailers if key == "Supersedes"] == [
        desk.story.sha("HEAD~1"),
        passed,
    ]


def test_an_older_commit_leaves_it_to_the_newer_one(desk):
    desk.merge(b"one").merge(b"two").story.switch("HEAD~1")
    done = desk.register()
    assert written(done) == []
    assert "newer" in done.notes[0]
    assert desk.tags == []


def test_a_commit_that_is_not_on_main_is_refused(desk):
    desk.merge(b"one").story.branch("other").commit({"x": "y"})
    with pytest.raises(RefusedError) as caught:
        desk.register()
    assert caught.value.id == "not-on-main"


def test_bytes_that_are_not_those_of_the_lock_are_found(desk):
    desk.merge(b"one").write(b"evil")
    with pytest.raises(IntegrityError) as caught:
        desk.register()
    assert (caught.value.id, desk.tags) == ("bytes-differ", [])
    assert caught.value.help == "dvc checkout models/income.skops"
    with pytest.raises(IntegrityError) as caught:
        desk.register(FakeDvc(missing=("models/income.skops",)))
    assert caught.value.help == "dvc pull --force models/income.skops"


@pytest.mark.parametrize(
    ("dvc", "id"),
    [
        (FakeDvc(remote=None), "dvc-remote-missing"),
        (FakeDvc(missing=("models/income.skops",)), "output-not-pushed"),
    ],
)
def test_a_version_must_be_there_for_others(desk, dvc, id):
    with pytest.raises(RefusedError) as caught:
        desk.merge(b"one").register(dvc)
    assert (caught.value.id, desk.tags) == (id, [])


def test_a_dry_run_writes_nothing(desk):
    done = desk.merge(b"one").register(write=False)
    assert [str(each.version) for each in done.pending] == ["v0.1.0"]
    assert desk.tags == []


def test_a_number_is_never_used_twice(desk):
    desk.merge(b"one").register()
    desk.merge(b"two").register()
    desk.story.git("push", "--quiet", "origin", ":refs/tags/income@v0.2.0")
    assert written(desk.register()) == ["income@v0.3.0"]


def test_a_tag_that_only_this_clone_has_says_nothing(desk):
    desk.merge(b"one").story.tag("income@v7.0.0")
    assert written(desk.register()) == ["income@v0.1.0"]


def test_the_tag_and_the_journal_tell_the_same(desk):
    desk.merge(b"one").register()
    found = resolve(desk.git, "income")
    assert (found.version, found.commit, found.path) == ("v0.1.0", desk.story.head, "models/income.skops")
    assert found.hash == "md5:f97c5d29941bfb1b2fdab0874906ab82"
    ref = desk.git.remote_refs("origin", journal.REF)[journal.REF]
    (entry,) = desk.ledger.entries(desk.ledger.read())
    assert (entry.kind, entry.version, entry.tag) == (journal.Kind.REGISTER, "v0.1.0", "income@v0.1.0")
    assert sorted(each.path for each in desk.git.tree(ref)) == [
        "counters.json",
        "credit/income/v0.1.0/evidence/diff.json",
        "credit/income/v0.1.0/evidence/pipeline.json",
        "events/1.json",
    ]
    assert audit(desk.git, "income").steps[0].what == "registered v0.1.0"


def test_dates_rise_even_when_the_clock_does_not(desk):
    desk.merge(b"one").register()
    desk.reconcile()
    dates = [each.when for each in desk.registry.model("income").events]
    assert len(set(dates)) == len(dates) == 2


def test_a_lost_journal_is_rebuilt_before_the_next_event(desk):
    desk.merge(b"one").register()
    desk.reconcile()
    desk.story.git("push", "--quiet", "origin", f":{journal.REF}")
    desk.story.git("update-ref", "-d", journal.REF)
    desk.merge(b"two").register()
    entries = desk.ledger.entries(desk.ledger.read())
    assert [(each.kind.value, each.version) for each in entries] == [
        ("register", "v0.1.0"),
        ("assign", "v0.1.0"),
        ("register", "v0.2.0"),
    ]


def left(desk, status=Status.PASS, *, gate="data", commit=None, inputs=(), check="missing", subject="train"):
    """A run's evidence in the work tree."""
    finding = Finding(check=f"{gate}.{check}", subject=subject, status=status, message="?")
    found = Evidence(gate=gate, commit=commit or desk.story.head, findings=(finding,), inputs=inputs)
    write_evidence(FileTree(desk.story.path), found)


@pytest.fixture
def gated(tmp_path):
    config = replace(CONFIG, gates={"data": Node(value=None, mark=WHOLE_FILE)})
    return begun(repository(tmp_path / "gated"), config=config).merge(b"one")


def test_predictions_that_are_not_of_the_whole_test_set_make_no_version(gated):
    left(gated)
    partial = Finding(check="diff.coverage", subject="income", status=Status.FAIL, message="?")
    found = Evidence(gate="diff", commit=gated.story.head, findings=(partial,))
    write_evidence(FileTree(gated.story.path), found)
    assert gated.register().red == ("income",)
    assert written(gated.register(allow_failed="the rest comes tomorrow")) == ["income@v0.1.0"]


def test_green_evidence_goes_into_the_journal_and_its_digest_into_the_tag(gated):
    left(gated)
    (done,) = gated.register().written
    bundle = read_bundle(FileTree(gated.story.path))
    contents = {each.gate: to_json(each).encode() for each in bundle.evidence}
    content = contents["data"]
    told = done.intent.trailers
    assert sorted(contents) == ["data", "diff", "pipeline"]
    assert ("Evidence-Digest", f"sha256:{journal.bundle_digest(contents)}") in told
    assert ("Gate", "data=passed") in told
    ref = gated.git.remote_refs("origin", journal.REF)[journal.REF]
    assert gated.git.blobs([(ref, "credit/income/v0.1.0/evidence/data.json")]) == [content]


def test_red_evidence_registers_nothing_unless_somebody_says_why(gated):
    left(gated, Status.FAIL)
    assert gated.register().red == ("data",)
    assert gated.tags == []
    reason = "known outage\nVersion: v9.9.9"
    (done,) = gated.register(allow_failed=reason).written
    message = gated.registry.model("income").latest.registered.message
    assert (done.tag, message.get("Allow-Failed")) == ("income@v0.1.0", reason)
    assert message.all("Version") == ("v0.1.0",)


@pytest.mark.parametrize(
    ("gate", "commit", "id"),
    [
        (None, None, "evidence-missing"),
        ("bias", None, "evidence-missing"),
        ("data", "0" * 40, "evidence-of-another-commit"),
    ],
)
def test_evidence_that_is_not_of_this_run_is_refused(gated, gate, commit, id):
    leave_judgement(FileTree(gated.story.path), commit or gated.story.head)
    if gate:
        left(gated, gate=gate, commit=commit)
    with pytest.raises(RefusedError) as caught:
        gated.register(judged=False)
    assert (caught.value.id, gated.tags) == (id, [])


@pytest.mark.parametrize("gates", [(), ("pipeline",), ("diff",), ("data",), ("pipeline", "data")])
@pytest.mark.parametrize("configured", [False, True])
def test_a_part_of_a_run_is_never_enough(desk, gated, gates, configured):
    here = gated if configured else desk.merge(b"one")
    for each in gates:
        left(here, gate=each)
    if configured or "data" not in gates:
        write_diff(FileTree(here.story.path), Diff(base=None, head=None))
    with pytest.raises(RefusedError) as caught:
        here.register(judged=False)
    assert (caught.value.id, here.tags) == ("evidence-missing", [])


def test_a_run_whose_diff_is_gone_is_not_enough(gated):
    for each in ("data", "diff", "pipeline"):
        left(gated, gate=each)
    with pytest.raises(RefusedError) as caught:
        gated.register(judged=False)
    assert (caught.value.id, gated.tags) == ("evidence-missing", [])


@pytest.mark.parametrize("path", ["models/income.skops", "data.csv"])
def test_evidence_about_other_bytes_than_the_locks_is_refused(gated, path):
    left(gated, inputs=(Input(path="elsewhere.csv", hash="md5:1"), Input(path=path, hash="md5:1")))
    with pytest.raises(IntegrityError) as caught:
        gated.register()
    assert (caught.value.id, gated.tags) == ("evidence-of-other-bytes", [])
    assert path in caught.value.message


def test_evidence_about_the_locks_bytes_is_taken(gated):
    left(gated, inputs=(Input(path="models/income.skops", hash="md5:f97c5d29941bfb1b2fdab0874906ab82"),))
    assert written(gated.register()) == ["income@v0.1.0"]


def test_evidence_of_a_gate_that_does_not_exist_is_refused(gated):
    left(gated)
    left(gated, gate="astrology")
    with pytest.raises(RefusedError) as caught:
        gated.register()
    assert caught.value.id == "evidence-unknown"


def test_what_cannot_be_compared_needs_a_reason(gated):
    row = MetricDiff(
        metric="roc_auc",
        direction=Direction.HIGHER,
        model="income",
        head=0.9,
        verdict=MetricVerdict.NOT_COMPARABLE,
        gated=True,
    )
    left(gated)
    left(gated, Status.FAIL, gate="diff", check="verdict", subject="income.roc_auc")
    write_diff(FileTree(gated.story.path), Diff(base=None, head=gated.story.head, metrics=(row,)))
    with pytest.raises(RefusedError) as caught:
        gated.register()
    assert caught.value.id == "not-comparable"
    (done,) = gated.register(accept_incomparable="new test set").written
    assert ("Accept-Incomparable", "new test set") in done.intent.trailers
    assert ("Metric", "income.roc_auc=0.9 not_comparable") in done.intent.trailers


@pytest.mark.parametrize(("until", "red"), [("2999-01-01", ()), ("2020-01-01", ("income.f1",))])
def test_what_somebody_accepted_registers_until_its_day(tmp_path, until, red):
    waiver = Waiver(check="diff.verdict", owner="ann", reason="known", until=date.fromisoformat(until))
    desk = begun(repository(tmp_path / "gated"), config=replace(CONFIG, waivers=(waiver,))).merge(b"one")
    row = MetricDiff(
        metric="f1",
        direction=Direction.HIGHER,
        model="income",
        head=0.9,
        verdict=MetricVerdict.REGRESSED,
        gated=True,
    )
    write_diff(FileTree(desk.story.path), Diff(base=None, head=desk.story.head, metrics=(row,)))
    assert desk.register().red == red


@pytest.mark.parametrize(
    ("pairing", "told"),
    [
        ({"truth_differs": 7}, "7 rows changed their truth"),
        ({"weights_differ": 1}, "1 row changed its weight"),
        (
            {"clusters_differ": 2, "base_rows": 2_000},
            "1,100 rows left the test set, 2 rows changed their clus",
        ),
    ],
)
def test_a_version_that_was_judged_by_another_test_needs_a_reason(gated, pairing, told):
    row = MetricDiff(metric="f1", direction=Direction.HIGHER, model="income", head=0.9, gated=True)
    both = Pairing(**{"model": "income", "rows": 900, "base_rows": 900, "head_rows": 900} | pairing)
    found = Diff(base=None, head=gated.story.head, metrics=(row,), pairings=(both,))
    left(gated)
    left(gated, Status.FAIL, gate="diff", check="rows", subject="income")
    write_diff(FileTree(gated.story.path), found)
    with pytest.raises(RefusedError) as caught:
        gated.register()
    assert caught.value.id == "not-comparable"
    assert caught.value.message.startswith(f"income was judged by another test than the last version: {told}")
    (done,) = gated.register(accept_incomparable="labels corrected").written
    assert ("Accept-Incomparable", "labels corrected") in done.intent.trailers


def asked(number, *labels):
    return PullRequest(
        number=number, head="", base_branch="main", head_branch="x", title="", url="", labels=labels
    )


@pytest.mark.parametrize(
    ("labels", "bump", "version"),
    [
        ((), None, "v0.2.0"),
        (("version:major", "other"), None, "v1.0.0"),
        (("version:patch",), None, "v0.1.1"),
        (("version:major",), Part.PATCH, "v0.1.1"),
        (("version:enormous",), None, "v0.2.0"),
    ],
)
def test_a_label_of_the_pull_request_says_what_is_raised(desk, labels, bump, version):
    desk.merge(b"one").register()
    desk.merge(b"two")
    (done,) = desk.register(pull_request=asked(41, *labels), bump=bump).written
    assert done.tag == f"income@{version}"
    assert ("Pull-Request", "41") in done.intent.trailers


def test_a_forge_that_does_not_answer_stops_no_version():
    class Silent(FakeForge):
        def pull_request_of(self, commit):
            raise ForgeError("gone", id="forge-unreachable")

    assert pull_request_of(Silent(None), "a" * 40) is None
    found = asked(7)
    assert pull_request_of(FakeForge(replace(found, head="a")), "a").number == 7
