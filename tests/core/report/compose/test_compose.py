import html
import re

import pytest
from msgspec.structs import replace

from mlci.core.config import Direction
from mlci.core.diff import (
    Artifact,
    Diff,
    FileDiff,
    Floor,
    FloorStatus,
    Inside,
    MetricDiff,
    MetricVerdict,
    Move,
    Occasion,
    Pairing,
    StageDiff,
)
from mlci.core.diff.findings import findings
from mlci.core.evidence import Evidence
from mlci.core.finding import Finding, Interval, Status, Verdict, Waived
from mlci.core.report import IntervalRow, Report, plain
from mlci.core.report.compose import compose, rest
from mlci.core.report.picture import bar
from mlci.render import terminal
from mlci.render.html import render as page
from mlci.render.markdown import render
from tests.support.decided import blocks

BASE, HEAD = "b" * 40, "a" * 40

AUC = MetricDiff(
    metric="roc_auc",
    model="income",
    direction=Direction.HIGHER,
    base=0.8431,
    head=0.8012,
    difference=-0.0419,
    interval=Interval(low=-0.0478, high=-0.036),
    margin=0.005,
    verdict=MetricVerdict.REGRESSED,
    n=6000,
    gated=True,
    noticeable=0.0043,
)
BETTER = replace(
    AUC, head=0.86, difference=0.0169, interval=Interval(low=0.01, high=0.02), verdict=MetricVerdict.IMPROVED
)
NOISE = replace(
    AUC,
    head=0.8429,
    difference=-0.0002,
    interval=Interval(low=-0.0019, high=0.0015),
    verdict=MetricVerdict.WITHIN_MARGIN,
)
UNSURE = replace(
    AUC,
    difference=-0.004,
    interval=Interval(low=-0.0079, high=-0.0001),
    verdict=MetricVerdict.INCONCLUSIVE,
    rows_needed=9000,
)


WHOLE = Pairing(model="income", rows=6000, base_rows=6000, head_rows=6000)


def report_of(
    metric: MetricDiff, occasion: Occasion = Occasion.PULL_REQUEST, *, pairing: Pairing = WHOLE
) -> Report:
    diff = Diff(
        base=BASE,
        head=HEAD,
        base_name="main",
        metrics=(metric,),
        pairings=(pairing,),
    )
    evidence = Evidence(gate="diff", commit=HEAD, findings=findings(diff, occasion))
    return compose(project="credit", evidence=[evidence], diff=diff, occasion=occasion)


@pytest.mark.parametrize(
    ("metric", "verdict", "headline"),
    [
        (AUC, Verdict.FAILED, "Do not merge: roc_auc regressed"),
        (NOISE, Verdict.PASSED, "You may merge: nothing got worse beyond its margin"),
        (BETTER, Verdict.PASSED, "You may merge: roc_auc improved"),
    ],
)
def test_the_first_line_answers_may_i_merge(metric: MetricDiff, verdict: Verdict, headline: str) -> None:
    report = report_of(metric)
    assert (report.verdict, plain(report.headline)) == (verdict, headline)


@pytest.mark.parametrize(
    ("occasion", "verdict"), [(Occasion.PULL_REQUEST, Verdict.WARNED), (Occasion.PROMOTION, Verdict.FAILED)]
)
def test_a_promotion_asks_more_than_a_pull_request(occasion: Occasion, verdict: Verdict) -> None:
    report = report_of(UNSURE, occasion)
    assert report.verdict is verdict
    assert "9,000 rows would tell" in render(report)


def test_the_facts_say_what_was_compared() -> None:
    facts = plain(report_of(AUC).facts)
    assert "compared with main at bbbbbbbbbb" in facts
    assert facts.endswith("6,000 rows of income paired by id.")


@pytest.mark.parametrize(
    ("base", "head", "truth", "told", "verdict"),
    [
        (8000, 6000, 0, "; base had 8,000, head 6,000.", Verdict.WARNED),
        (6001, 6000, 0, "; base had 6,001, head 6,000.", Verdict.WARNED),
        (6000, 6500, 0, "; base had 6,000, head 6,500.", Verdict.PASSED),
        (6005, 6005, 5, "; base had 6,005, head 6,005, and the truth of 5 differs.", Verdict.WARNED),
        (6100, 6100, 0, "; base had 6,100, head 6,100.", Verdict.WARNED),
    ],
)
def test_a_part_of_the_rows_is_told_as_one(base, head, truth, told, verdict) -> None:
    part = Pairing(model="income", rows=6000, base_rows=base, head_rows=head, truth_differs=truth)
    report = report_of(BETTER, pairing=part)
    assert report.verdict is verdict
    assert plain(report.facts).endswith(f"6,000 rows of income paired by id{told}")
    for rendered in (terminal.render(report, width=200), html.unescape(render(report))):
        assert f"paired by id{told}" in rendered


def test_rows_that_base_was_judged_by_do_not_leave_unsaid() -> None:
    part = replace(WHOLE, base_rows=6001)
    report = report_of(BETTER, pairing=part)
    assert (
        plain(report.headline)
        == "You may merge, after a look: the test set of income is another than the base's"
    )
    told = "1 row of base's test set has no prediction now: 6,000 rows of income paired by id; base had 6,001"
    (found,) = findings(Diff(base=BASE, head=HEAD, pairings=(part,)), Occasion.PROMOTION)
    assert (found.check, found.status, found.message.startswith(told)) == ("diff.rows", Status.WARN, True)
    again = replace(part, rescored=True)
    assert findings(Diff(base=BASE, head=HEAD, pairings=(again,)), Occasion.PROMOTION) == ()


@pytest.mark.parametrize(
    ("differs", "message"),
    [
        ({"truth_differs": 1}, "1 row changed its truth: no difference counts it"),
        ({"truth_differs": 5, "rescored": True}, "5 rows changed their truth: base's model was scored by it"),
        ({"weights_differ": 5}, "5 rows changed their weight: both sides are weighed as base's were"),
        ({"clusters_differ": 5}, "5 rows changed their cluster: both sides are drawn as base's were"),
    ],
)
def test_another_test_than_before_is_told_and_needs_a_word_before_it_is_a_version(differs, message) -> None:
    diff = Diff(base=BASE, head=HEAD, metrics=(BETTER,), pairings=(replace(WHOLE, **differs),))
    free = "rescored" in differs
    (told,) = findings(diff, Occasion.PULL_REQUEST)[1:]
    assert (told.status, told.message) == (Status.WARN, message)
    (told,) = findings(diff, Occasion.PROMOTION)[1:]
    assert told.status is (Status.WARN if free else Status.FAIL)
    assert (blocks(diff, Occasion.PULL_REQUEST), blocks(diff, Occasion.PROMOTION)) == (False, not free)
    unasked = replace(diff, metrics=(replace(BETTER, gated=False),))
    assert not blocks(unasked, Occasion.PROMOTION)


def test_a_gated_metric_that_cannot_be_read_is_red() -> None:
    report = report_of(replace(AUC, verdict=None, difference=None, interval=None, problem="is NaN at head"))
    assert report.verdict is Verdict.FAILED
    assert "is NaN at head" in render(report)


def test_a_waived_failure_warns_until_the_waiver_ends() -> None:
    def verdict(*, expired: bool) -> Verdict:
        waived = Waived(owner="@ana", reason="planned", until="2027-03-31", expired=expired)
        finding = Finding(check="bias.x", subject="s", status=Status.FAIL, message="m", waived=waived)
        evidence = Evidence(gate="bias", commit=HEAD, findings=(finding,))
        report = compose(project="p", evidence=[evidence], diff=None, occasion=Occasion.PULL_REQUEST)
        assert "@ana" in html.unescape(render(report).replace("<wbr>", ""))
        return report.verdict

    assert verdict(expired=False) is Verdict.WARNED
    assert verdict(expired=True) is Verdict.FAILED


def test_a_lower_is_better_metric_is_drawn_with_better_to_the_right() -> None:
    slower = replace(AUC, direction=Direction.LOWER, difference=5.0, interval=Interval(low=4.0, high=6.0))
    text = render(report_of(slower))
    picture = next(line for line in text.splitlines() if "`" in line)
    assert picture.index("●") < picture.index("│")


def against_prod(metric: MetricDiff, *notes: str, pairings: tuple[Pairing, ...] = ()) -> Report:
    diff = Diff(base=BASE, head=HEAD, base_name="main", metrics=(NOISE,))
    prod = Diff(
        base=BASE, head=HEAD, base_name="income v0.1.0", metrics=(metric,), notes=notes, pairings=pairings
    )
    evidence = Evidence(gate="diff", commit=HEAD, findings=findings(diff, Occasion.PULL_REQUEST))
    return compose(
        project="credit",
        evidence=[evidence],
        diff=diff,
        occasion=Occasion.PULL_REQUEST,
        against={"prod": prod},
    )


def test_a_drop_against_production_is_shown_open_and_changes_no_verdict() -> None:
    told = against_prod(AUC)
    (section,) = (each for each in told.sections if each.title == "Against prod")
    assert (told.verdict, section.folded) == (Verdict.PASSED, False)
    assert plain(section.summary) == "income v0.1.0: 1 regressed"
    assert against_prod(NOISE).sections[1].folded


def test_what_cannot_be_compared_with_production_is_said() -> None:
    told = against_prod(replace(AUC, verdict=None), "income v0.1.0 cannot be compared: it is gone")
    assert "it is gone" in render(told)
    silent = against_prod(replace(AUC, verdict=None))
    assert all(each.title != "Against prod" for each in silent.sections)


def test_a_part_that_is_compared_with_production_is_told_there() -> None:
    part = against_prod(BETTER, pairings=(replace(WHOLE, base_rows=8000),))
    assert (
        "† income: the difference and prod's value are of the 6,000 rows that both have (prod has 8,000)."
        in (" ".join(terminal.render(part).split()))
    )
    assert "†" not in render(against_prod(BETTER, pairings=(WHOLE,)))


BOTH = "the difference and main's value are of the 6,000 rows that both have"


@pytest.mark.parametrize(
    ("differs", "told"),
    [
        ({"base_rows": 6001}, f"{BOTH} (main has 6,001)."),
        ({"head_rows": 7000}, f"{BOTH}; this change's value is of all its 7,000, so they do not add up."),
        ({"rescored": True}, "main's value is of its model scored anew on this change's test set."),
        (
            {"weights_differ": 5},
            "this change's value has its own weights, the difference the base's, so they do not add up.",
        ),
    ],
)
def test_a_difference_that_is_not_that_of_the_values_beside_it_is_marked(differs, told) -> None:
    report = report_of(BETTER, pairing=replace(WHOLE, **differs))
    for face in (terminal.render(report, width=200), html.unescape(render(report)), page(report)):
        assert "+0.0200)†" in face
        assert f"income: {told}" in html.unescape(re.sub(r"</?code>", "", face))
    assert "+0.0200)† |" in render(report)
    assert "\n† <code>income</code>: " in render(report)
    other = report_of(replace(BETTER, model="churn"), pairing=replace(WHOLE, **differs))
    alone = report_of(replace(BETTER, difference=None), pairing=replace(WHOLE, **differs))
    assert all("†" not in terminal.render(each) for each in (report_of(BETTER), other, alone))


@pytest.mark.parametrize(
    ("expired", "title", "said"),
    [
        (False, "Accepted for now", "accepted until 2027-01-01"),
        (True, "What failed", "its waiver ended on 2027-01-01"),
    ],
)
def test_a_waiver_stands_with_its_owner_and_its_day(expired: bool, title: str, said: str) -> None:
    waived = Waived(owner="@ana", reason="planned", until="2027-01-01", expired=expired)
    failed = Finding(check="data.rows", subject="t", status=Status.FAIL, message="m", waived=waived)
    evidence = Evidence(gate="data", commit=HEAD, findings=(failed,))
    told = compose(project="c", evidence=[evidence], diff=None, occasion=Occasion.PULL_REQUEST)
    (section,) = (each for each in told.sections if each.title == title)
    text = html.unescape(render(told))
    assert told.verdict is (Verdict.FAILED if expired else Verdict.WARNED)
    assert section.folded is False
    assert said in text
    assert "ana" in text


@pytest.mark.parametrize(
    ("help_", "said"),
    [
        ("undo it", "undo it; or prolong the waiver: its waiver ended on 2027-01-01, by @ana: planned"),
        (None, "prolong the waiver: its waiver ended on 2027-01-01, by @ana: planned"),
    ],
)
def test_what_a_waiver_no_longer_forgives_is_mended_as_ever_or_the_waiver_is_prolonged(help_, said) -> None:
    waived = Waived(owner="@ana", reason="planned", until="2027-01-01", expired=True)
    failed = Finding(
        check="data.rows", subject="t", status=Status.FAIL, message="m", help=help_, waived=waived
    )
    evidence = Evidence(gate="data", commit=HEAD, findings=(failed,))
    told = compose(project="c", evidence=[evidence], diff=None, occasion=Occasion.PULL_REQUEST)
    (section,) = (each for each in told.sections if each.title == "What failed")
    assert plain(section.blocks[0].items[0].then) == said
    accepted = replace(evidence, findings=(replace(failed, waived=replace(waived, expired=False)),))
    told = compose(project="c", evidence=[accepted], diff=None, occasion=Occasion.PULL_REQUEST)
    (section,) = (each for each in told.sections if each.title == "Accepted for now")
    assert plain(section.blocks[0].items[0].then) == "accepted until 2027-01-01, by @ana: planned"


def test_of_a_metric_that_should_be_low_the_rise_is_told():
    error = replace(AUC, metric="rmse", direction=Direction.LOWER, difference=0.04)
    (found,) = findings(Diff(base=BASE, head=HEAD, metrics=(error,)), Occasion.PULL_REQUEST)
    assert "accepted rise 0.0050" in found.message
    assert found.expected == "a rise of at most 0.0050"
    assert found.help is not None
    assert "made it rise" in found.help
    (unsure,) = findings(
        Diff(base=BASE, head=HEAD, metrics=(replace(error, verdict=MetricVerdict.INCONCLUSIVE),)),
        Occasion.PULL_REQUEST,
    )
    assert "drop" not in unsure.message


def test_the_rows_that_would_tell_are_an_estimate():
    (found,) = findings(
        Diff(base=BASE, head=HEAD, metrics=(replace(UNSURE, rows_needed=12_008),)), Occasion.PULL_REQUEST
    )
    assert found.help == "a test set of about 13,000 rows would tell"


def test_on_the_margin_itself_no_number_of_rows_is_named():
    (found,) = findings(
        Diff(base=BASE, head=HEAD, metrics=(replace(UNSURE, rows_needed=None),)), Occasion.PULL_REQUEST
    )
    assert found.help == "more rows will not tell: the difference lies on the margin"


def test_without_a_base_the_report_says_why():
    diff = Diff(base=None, head=HEAD, notes=("origin has versions that are not here",))
    report = compose(project="credit", evidence=[], diff=diff, occasion=Occasion.PROMOTION)
    assert plain(report.facts) == "Project credit: origin has versions that are not here."


def test_what_makes_a_row_comparable_is_told_by_whoever_found_out():
    lost = replace(AUC, verdict=MetricVerdict.NOT_COMPARABLE, advice="`dvc push` on the base's branch")
    (found,) = findings(Diff(base=BASE, head=HEAD, metrics=(lost,)), Occasion.PULL_REQUEST)
    assert found.help == "`dvc push` on the base's branch"


def test_the_report_of_a_bad_change_has_one_line_a_metric_on_a_terminal():
    accuracy = replace(AUC, metric="accuracy", margin=0.01, note="")
    f1 = replace(AUC, metric="f1", margin=0.01)
    for base_name in ("main", "income@v0.1.0"):
        diff = Diff(base=BASE, head=HEAD, base_name=base_name, metrics=(AUC, accuracy, f1), notes=("a",))
        evidence = Evidence(gate="diff", commit=HEAD, findings=findings(diff, Occasion.PULL_REQUEST))
        report = compose(project="credit", evidence=[evidence], diff=diff, occasion=Occasion.PULL_REQUEST)
        lines = terminal.render(report, brief=True).splitlines()
        assert all(len(line) <= 80 for line in lines)
        assert lines[-2:] == ["Notes (1 note)", "What this rests on (a commit)"]
        for name in ("roc_auc", "accuracy", "f1"):
            (row,) = [line for line in lines if line.startswith(f"  {name} ") and "0.8012" in line]
            assert "x regressed" in row
            assert "−0.0419 (−0.0478, −0.0360)" in row


def test_two_models_keep_their_names():
    other = replace(AUC, model="churn")
    diff = Diff(base=BASE, head=HEAD, base_name="main", metrics=(AUC, other))
    text = terminal.render(
        compose(project="credit", evidence=[], diff=diff, occasion=Occasion.PULL_REQUEST), brief=True
    )
    assert "  income.roc_auc" in text
    assert "  churn.roc_auc" in text


@pytest.mark.parametrize("margin", [0.02, 0.0001])
def test_the_accepted_drop_shows_through_the_interval(margin):
    row = IntervalRow(label=(), low=-0.04, point=0.01, high=0.04, margin=margin)
    drawn = bar(row, 0.04)
    assert drawn.count("┊") == 1
    assert drawn.index("┊") < drawn.index("┼")


@pytest.mark.parametrize(
    ("inside", "said"),
    [
        (Inside(added=2, rows_added=1_200, rows_removed=0), "2 files new, 1,200 rows more, 0 less"),
        (Inside(removed=1, changed=1, unknown="no list"), "1 file gone, 1 file changed, rows n/a: no list"),
    ],
)
def test_of_a_directory_its_files_and_rows_are_told(inside, said):
    file = FileDiff(path="raw", artifact=Artifact.DATA, base=None, head=None, inside=inside)
    (section,) = filter(None, rest(Diff(base="a", head=None, files=(file,))))
    (item,) = section.blocks[1].items
    assert plain(item.text) == f"raw: {said}"


def test_what_did_not_run_is_never_green() -> None:
    told = compose(
        project="credit", evidence=(), diff=None, occasion=Occasion.PULL_REQUEST, missing=("diff", "load")
    )

    assert told.verdict is Verdict.FAILED
    assert plain(told.headline) == "Not judged yet: diff, load did not run"


NEW = replace(
    AUC, base=None, difference=None, interval=None, verdict=None, noticeable=None, note="no baseline"
)


def told(
    *metrics: MetricDiff, base: str | None = BASE, notes: tuple[str, ...] = (), gates: int = 0
) -> Report:
    diff = Diff(base=base, head=HEAD, base_name="main" if base else "", metrics=metrics, notes=notes)
    green = Finding(check="data.rows", subject="t", status=Status.PASS, message="m")
    beside = [Evidence(gate=f"gate{at}", commit=HEAD, findings=(green,)) for at in range(gates)]
    evidence = [
        Evidence(gate="diff", commit=HEAD, findings=findings(diff, Occasion.PULL_REQUEST)),
        *beside,
    ]
    return compose(project="credit", evidence=evidence, diff=diff, occasion=Occasion.PULL_REQUEST)


def test_green_claims_no_comparison_that_never_happened() -> None:
    why = "in the base, metrics.json is no JSON"
    report = told(NEW, replace(NEW, metric="f1"), notes=(why,), gates=1)
    assert report.verdict is Verdict.WARNED
    assert plain(report.headline) == "You may merge, after a look: nothing could be compared with main"
    assert plain(report.facts).endswith(f", which has none of these metrics ({why}).")
    assert "beyond its margin" not in terminal.render(report)


MET = replace(
    NEW,
    margin=None,
    base=0.8,
    note="",
    floors=(Floor(limit=0.8, direction=Direction.HIGHER, status=FloorStatus.MET),),
)


@pytest.mark.parametrize(
    ("metrics", "base", "gates", "said"),
    [
        ((NOISE, NEW), BASE, 0, "nothing that could be compared got worse beyond its margin"),
        ((replace(NOISE, margin=None),), BASE, 0, "nothing got worse"),
        ((MET,), BASE, 0, "every limit is met"),
        ((), BASE, 1, "every gate passed"),
        ((NEW,), None, 1, "every gate passed"),
        ((NEW,), None, 0, "there is nothing to compare with yet"),
    ],
)
def test_green_says_what_was_looked_at(metrics, base, gates, said) -> None:
    report = told(*metrics, base=base, gates=gates)
    assert (report.verdict, plain(report.headline)) == (Verdict.PASSED, f"You may merge: {said}")


SHOWN = replace(NOISE, gated=False, verdict=None, margin=None)


@pytest.mark.parametrize("metrics", [(), (SHOWN,)])
def test_where_no_objective_is_nothing_is_judged_and_no_face_praises_it(metrics) -> None:
    report = told(*metrics)
    assert plain(report.headline) == "Nothing is judged: no objective names a metric"
    assert terminal.render(report).startswith("Nothing is judged")
    assert render(report).startswith("## ⚪ Nothing is judged")
    assert '<h1 class="plain">' in page(report)


@pytest.mark.parametrize(
    ("metric", "gates", "said"),
    [
        (BETTER, ("diff",), "Ready to be registered, as far as a comparison tells: "),
        (BETTER, ("diff", "pipeline"), "Ready to be registered: "),
        (UNSURE, ("diff",), "May be registered, as far as a comparison tells, after a look: "),
        (AUC, ("diff",), "Must not be registered: "),
    ],
)
def test_a_comparison_alone_makes_nothing_ready(metric, gates, said) -> None:
    diff = Diff(base=BASE, head=HEAD, metrics=(metric,))
    told = findings(diff, Occasion.PULL_REQUEST)
    evidence = [Evidence(gate=each, commit=HEAD, findings=told if each == "diff" else ()) for each in gates]
    report = compose(project="c", evidence=evidence, diff=diff, occasion=Occasion.PROMOTION)
    assert plain(report.headline).startswith(said)


def test_a_skipped_gate_of_a_project_without_objectives_is_no_praise() -> None:
    skipped = Finding(check="model.objective", subject="models", status=Status.SKIP, message="none")
    evidence = [Evidence(gate=name, commit=HEAD, findings=(skipped,)) for name in ("model", "pipeline")]
    report = compose(project="c", evidence=evidence, diff=None, occasion=Occasion.PROMOTION)
    assert plain(report.headline).startswith("Nothing is judged: every check was skipped")
    owed = compose(project="c", evidence=evidence, diff=None, occasion=Occasion.PROMOTION, missing=("diff",))
    assert terminal.render(owed).startswith("FAILED: Not judged yet")


@pytest.mark.parametrize(
    ("check", "subject", "status", "said"),
    [
        ("diff.recorded", "p.csv", Status.WARN, "p.csv is not what dvc.lock records"),
        ("diff.readable", "m.json", Status.ERROR, "m.json cannot be read"),
        ("diff.relaxed", "gates.data", Status.WARN, "the change asks less, or something else, of gates.data"),
        ("model.objective", "income.f1", Status.FAIL, "income.f1 misses its limit"),
        ("model.objective", "income.f1", Status.ERROR, "income.f1 cannot be judged"),
        ("load.latency", "p95", Status.FAIL, "load.latency fails on p95"),
        ("data.rows", "t", Status.WARN, "data.rows warns on t"),
        ("data.rows", "t", Status.ERROR, "data.rows cannot be answered on t"),
    ],
)
def test_the_headline_is_a_sentence(check, subject, status, said) -> None:
    finding = Finding(check=check, subject=subject, status=status, message="m")
    evidence = Evidence(gate="load", commit=HEAD, findings=(finding,))
    report = compose(project="c", evidence=[evidence], diff=None, occasion=Occasion.PULL_REQUEST)
    assert plain(report.headline).endswith(f": {said}")


def test_a_stage_is_no_file_in_the_headline() -> None:
    stage = StageDiff(name="train", move=Move.CHANGED, because=("command",), pending=True)
    diff = Diff(base=BASE, head=HEAD, stages=(stage,))
    evidence = Evidence(gate="diff", commit=HEAD, findings=findings(diff, Occasion.PULL_REQUEST))
    report = compose(project="c", evidence=[evidence], diff=diff, occasion=Occasion.PULL_REQUEST)
    assert plain(report.headline).endswith(": the stage train is declared otherwise than it ran")


def test_what_a_change_takes_away_is_called_so_in_the_headline() -> None:
    diff = Diff(base=BASE, head=HEAD, gone=("dvc.lock",))
    evidence = Evidence(gate="diff", commit=HEAD, findings=findings(diff, Occasion.PULL_REQUEST))
    report = compose(project="c", evidence=[evidence], diff=diff, occasion=Occasion.PULL_REQUEST)
    assert plain(report.headline).endswith(": the change takes away dvc.lock")


def test_the_headline_names_the_model_where_several_have_such_a_metric() -> None:
    report = told(AUC, replace(NOISE, model="churn"))
    assert plain(report.headline) == "Do not merge: income.roc_auc regressed"


@pytest.mark.parametrize("name", ["improved", "improved_recall", "regressed"])
def test_a_metric_that_is_called_like_a_verdict_gets_its_own(name: str) -> None:
    assert plain(told(replace(AUC, metric=name)).headline) == f"Do not merge: {name} regressed"


@pytest.mark.parametrize(
    ("expired", "said"), [(False, "(accepted until 2027-01-01)"), (True, "(its waiver ended on 2027-01-01)")]
)
def test_the_headline_says_that_a_regression_is_accepted_and_the_section_stands_first(expired, said) -> None:
    diff = Diff(base=BASE, head=HEAD, base_name="main", metrics=(AUC,))
    waived = Waived(owner="@ana", reason="planned", until="2027-01-01", expired=expired)
    found = tuple(replace(each, waived=waived) for each in findings(diff, Occasion.PULL_REQUEST))
    evidence = Evidence(gate="diff", commit=HEAD, findings=found)
    report = compose(project="c", evidence=[evidence], diff=diff, occasion=Occasion.PULL_REQUEST)
    assert plain(report.headline).endswith(f"roc_auc regressed {said}")
    assert report.sections[0].title == ("What failed" if expired else "Accepted for now")


def test_a_base_that_should_be_there_and_is_not_is_no_praise() -> None:
    new = MetricDiff(metric="f1", direction=Direction.HIGHER, head=0.9, margin=0.01, gated=True)
    gone = Diff(base=None, base_name="main", head=None, metrics=(new,), notes=("the branch main is gone",))
    for diff, verdict in ((gone, Verdict.WARNED), (replace(gone, base_name=""), Verdict.PASSED)):
        report = compose(project="p", evidence=[], diff=diff, occasion=Occasion.PULL_REQUEST)
        assert report.verdict is verdict
    assert "the branch main is gone" in plain(report.facts)
