"""What a diff means for the gate: findings on gated metrics, on rows left out, and on what cannot be read."""

import shlex
from collections.abc import Iterator, Sequence

from mlci.core.config import Direction
from mlci.core.diff import (
    Diff,
    Floor,
    FloorStatus,
    Keeper,
    Mend,
    MetricDiff,
    MetricVerdict,
    Move,
    Occasion,
    Pairing,
    StageDiff,
    ValueDiff,
)
from mlci.core.diff.renames import Pointer
from mlci.core.diff.values import NOT_FINITE
from mlci.core.evidence import DIFF
from mlci.core.finding import Finding, Location, Status
from mlci.core.narrow import NARROWLY, advice
from mlci.core.problems import inert
from mlci.core.wording import count, decimals_beside, decimals_of, difference, estimate, number

BASE = "diff.base"
VERDICT = "diff.verdict"
READABLE = "diff.readable"
GATES = "diff.gates"
ROWS = "diff.rows"
OBJECTIVE = "diff.objective"
RECORDED = "diff.recorded"
COVERAGE = "diff.coverage"
SLICES = "diff.slices"
FINITE = "diff.finite"

# What is said of a stage that has not run as it is declared.
UNRUN = "the stage is declared otherwise than it ran"
TAKEN = "the change takes this file away"

_FINITE = "a gated metric must be a finite number: correct the stage that writes it, then `mlci run`"
_ACCEPT = "a version of it needs `mlci register --accept-incomparable REASON`"
_SAME_TEST_SET = (
    f"restore what base's test set says; where this corrects it, say so in the pull request: {_ACCEPT}"
)

_IMPROVE = "improve the model, or change the limit in mlci.yaml with your reviewers"
_SCORE_BASE = "declare `load:` for the model so that the base can be scored on the new test set"
_MORE_OF_A_KIND = (
    "add held-out rows until there are 30 of these: the rows of one cluster count as one, and rows of very "
    "unequal weight as few (`mlci explain insufficient`)"
)
_UNDEFINED = (
    "the predictions give it no value: rows that weigh nothing, or all of one truth; correct the stage that "
    "writes them, then `mlci run`"
)
_UNSURE = (
    "nothing says how sure the value is: add held-out rows, of more than one cluster where `cluster:` is "
    "named, and of more than one truth"
)

_LOOK_AT_SLICES = (
    "look at these rows; what each slice must reach, `slice_floors:` of the model gate makes a limit"
)

# So many values of one file are named.
_NAMED = 3

# Holm's correction holds a verdict back that one metric alone would get.
_CHANCE = "of so many metrics one may lie there by chance: mlci explain regressed"

_PUTS_BACK = {Keeper.DVC: "dvc checkout", Keeper.GIT: "git checkout --"}

SAYS = {
    MetricVerdict.IMPROVED: "improved",
    MetricVerdict.WITHIN_MARGIN: "stayed within its margin",
    MetricVerdict.REGRESSED: "regressed",
    MetricVerdict.INCONCLUSIVE: "may have got worse by more than accepted; this test set cannot tell",
    MetricVerdict.NOT_COMPARABLE: "cannot be compared with the base",
    MetricVerdict.INSUFFICIENT: "rests on too little to be judged",
}


def findings(diff: Diff, occasion: Occasion, *, limits: str | None = OBJECTIVE) -> tuple[Finding, ...]:
    """Return the findings of the gate `diff`.

    What misses a limit is told under the check `limits`; by None, another gate tells it.
    """
    unreadable = tuple(_unreadable(problem, diff.mends.get(problem)) for problem in diff.problems)
    gated = [metric for metric in diff.metrics if metric.gated]
    judged = tuple(_finding(each, occasion) for each in gated)
    missed = tuple(each for metric in gated for each in _limits(metric, limits)) if limits else ()
    held = diff.doubtful if occasion is Occasion.PROMOTION else ()
    rows = tuple(told for each in diff.pairings for told in _rows(each, decides=each in held))
    by_file = frozenset({*diff.displaced, *diff.gone})
    displaced = (
        *(_taken_away(each, diff.base or "") for each in diff.gone),
        *map(_of_no_stage, diff.by_hand),
        *(_of_another_state(each, diff.kept.get(each)) for each in diff.displaced),
        *map(_of_two_states, diff.contradicted),
        *(_of_another_stage(each, why) for each in diff.stages if (why := _unrun(each, by_file))),
    )
    missing = () if diff.base or not diff.base_name else (_no_base(diff.base_name),)
    told = (each for each in judged if each is not None)
    return (*missing, *displaced, *unreadable, *told, *missed, *rows, *_slices(diff.metrics), *_endless(diff))


def one_a_cause(told: Sequence[Finding]) -> tuple[Finding, ...]:
    """The findings without those of objectives whose file is told of already, and not accepted."""
    causes = {each.message for each in told if each.check == READABLE and each.blocks}
    return tuple(each for each in told if each.check != VERDICT or each.message not in causes)


def gate_removed(gate: str) -> Finding:
    """Return what tells that the base asks for a gate and this change does not; people decide on that."""
    return Finding(
        check=GATES,
        subject=gate,
        status=Status.WARN,
        message=f"the change removes the gate `{gate}`, so nothing here was judged by it",
        help="keep it in mlci.yaml, or say to your reviewers why it may go",
    )


def subject(metric: MetricDiff) -> str:
    """Return `income.roc_auc`, with its slice where there is one."""
    parts = (metric.model, metric.metric, metric.subject)
    return ".".join(each for each in parts if each)


def paired(pairing: Pairing) -> str:
    """Return `9,003 rows of income paired by id; base had 12,007, head 9,003`: a part is told as one."""
    told = f"{count(pairing.rows, 'row')} of {inert(pairing.model)} paired by id"
    if pairing.whole:
        return told
    sides = f"; base had {pairing.base_rows:,}, head {pairing.head_rows:,}"
    truth = f", and the truth of {pairing.truth_differs:,} differs" if pairing.truth_differs else ""
    return told + sides + truth


def _unreadable(problem: str, mend: Mend | None) -> Finding:
    """A problem of the file that it lies in; of one that an older mlci told nobody knows more."""
    return Finding(
        check=READABLE,
        subject=DIFF if mend is None else mend.path,
        status=Status.ERROR,
        message=problem,
        help=None if mend is None else mend.help,
        location=None if mend is None else Location(path=mend.path, line=mend.line),
    )


def _no_base(name: str) -> Finding:
    return Finding(
        check=BASE,
        subject=name,
        status=Status.WARN,
        message="its commits are neither here nor to be fetched, so nothing was compared with it",
        help=f"git fetch origin {shlex.quote(name)}; where there is no origin: git remote add origin URL, "
        "or a branch that is here as `ci: {branch: NAME}` in mlci.yaml",
    )


def _of_another_state(path: str, keeper: Keeper | None) -> Finding:
    return Finding(
        check=RECORDED,
        subject=path,
        status=Status.WARN,
        message="this file is not what dvc.lock records: the numbers here were made without it, "
        "or are of another branch",
        help="mlci run" if keeper is None else f"mlci run, or {_PUTS_BACK[keeper]} {shlex.quote(path)}",
    )


def _taken_away(path: str, base: str) -> Finding:
    return Finding(
        check=RECORDED,
        subject=path,
        status=Status.FAIL,
        message=f"{TAKEN}, with which the numbers here were made",
        help=f"git checkout {base[:10]} -- {shlex.quote(path)}; or take out what needs it, then mlci run",
    )


def _of_no_stage(path: str) -> Finding:
    return Finding(
        check=RECORDED,
        subject=path,
        status=Status.FAIL,
        message="this file was committed as no stage made it: dvc.lock records another one",
        help=f"mlci run, then git add {shlex.quote(path)} and commit it",
    )


def _of_two_states(path: str) -> Finding:
    return Finding(
        check=RECORDED,
        subject=path,
        status=Status.WARN,
        message="two things are recorded of this file: a stage read other bytes of it than those that "
        "were made or added, so what that stage made is not of it",
        help="mlci run",
    )


def _unrun(stage: StageDiff, displaced: frozenset[str]) -> str:
    """What of a stage has changed and did not run; of parameters that are told by their file nothing more."""
    if not stage.pending:
        return ""
    if stage.move is Move.ADDED:
        return "it is new"
    return ", ".join(each for each in stage.because if displaced.isdisjoint(_paths(each)))


def _paths(reason: str) -> Iterator[str]:
    """What a reason may name as its file: a path may itself hold what stands before a key."""
    ends = (at for at, sign in enumerate(reason) if sign == ":")
    yield from (reason[:end] for end in (*ends, None))


def _of_another_stage(stage: StageDiff, why: str) -> Finding:
    return Finding(
        check=RECORDED,
        subject=stage.name,
        status=Status.WARN,
        message=f"{UNRUN} ({inert(why)}): the numbers here were made without that",
        help="mlci run",
    )


def _endless(diff: Diff) -> Iterator[Finding]:
    """The metrics files in which a value came that is no finite number; what an objective names it tells."""
    said = {each.problem.partition(" is ")[0] for each in diff.metrics if each.problem}
    found: dict[str, list[ValueDiff]] = {}
    for each in diff.values:
        if each.head.kind in NOT_FINITE and each.head.kind is not each.base.kind:
            found.setdefault(each.path, []).append(each)
    for path, values in found.items():
        left = [each for each in values if Pointer(path=path, key=each.key).written not in said]
        if left:
            named = ", ".join(f"{inert(each.name)} is {NOT_FINITE[each.head.kind]}" for each in left[:_NAMED])
            more = f" and {len(left) - _NAMED:,} more are none either" if len(left) > _NAMED else ""
            yield Finding(
                check=FINITE,
                subject=path,
                status=Status.WARN,
                message=f"not a finite number: {named}{more}",
                help="correct the stage that writes it, then mlci run; or say to reviewers why it may be so",
                location=Location(path=path),
            )


def _slices(metrics: Sequence[MetricDiff]) -> Iterator[Finding]:
    """Each part of a test set that got worse by more than accepted, where the whole hides it."""
    regressed = [each for each in metrics if each.verdict is MetricVerdict.REGRESSED]
    told = {(each.model, each.metric) for each in regressed if not each.subject}
    worse: dict[str, list[MetricDiff]] = {}
    for each in regressed:
        if each.subject and (each.model, each.metric) not in told:
            worse.setdefault(".".join(filter(None, (each.model, each.subject))), []).append(each)
    for name, found in worse.items():
        yield Finding(
            check=SLICES,
            subject=name,
            status=Status.WARN,
            message=f"in this slice {'; '.join(map(_message, found))}",
            observed=found[0].difference,
            interval=found[0].interval,
            n=found[0].n,
            help=_LOOK_AT_SLICES,
        )


def doubts(pairing: Pairing) -> str:
    """Return how head's test set is another than base's: what a person must accept before it is a version."""
    shrunk = [f"{count(pairing.dropped, 'row')} left the test set"] if pairing.shrunk else []
    return ", ".join((*shrunk, *(told for _, told, _ in _others(pairing))))


def _rows(pairing: Pairing, *, decides: bool) -> Iterator[Finding]:
    """What sets head's test set apart from base's; `decides` where a version needs a person's word for it."""
    status = Status.FAIL if decides else Status.WARN
    if pairing.dropped:
        yield _dropped(pairing, status if pairing.shrunk else Status.WARN)
    for rows, told, consequence in _others(pairing):
        yield Finding(
            check=ROWS,
            subject=pairing.model,
            status=status,
            message=f"{told}: {consequence}",
            observed=rows,
            expected="the truth, weight and cluster that base has",
            n=pairing.rows,
            help=_SAME_TEST_SET,
        )


def _others(pairing: Pairing) -> Iterator[tuple[int, str, str]]:
    """Rows of both sides that are not the same test, by what differs, and what follows from it."""
    if rows := pairing.truth_differs:
        left = "base's model was scored by it" if pairing.rescored else f"no difference counts {_them(rows)}"
        yield rows, _changed(rows, "truth"), left
    if rows := pairing.weights_differ:
        yield rows, _changed(rows, "weight"), "both sides are weighed as base's were"
    if rows := pairing.clusters_differ:
        yield rows, _changed(rows, "cluster"), "both sides are drawn as base's were"


def _changed(rows: int, what: str) -> str:
    return f"{count(rows, 'row')} changed {'its' if rows == 1 else 'their'} {what}"


def _them(rows: int) -> str:
    return "it" if rows == 1 else "them"


def _dropped(pairing: Pairing, status: Status) -> Finding:
    """A smaller test set may be meant, so it warns; that the predictions are whole, the model gate asks."""
    rows = count(pairing.dropped, "row")
    accept = f": {_ACCEPT}" if pairing.shrunk else ""
    return Finding(
        check=ROWS,
        subject=pairing.model,
        status=status,
        message=f"{rows} of base's test set {'has' if pairing.dropped == 1 else 'have'} no prediction now: "
        f"{paired(pairing)}",
        observed=pairing.head_rows,
        expected=f"a prediction for each of base's {count(pairing.base_rows, 'row')}",
        n=pairing.rows,
        help=f"predict those rows too, or say in the pull request why they left the test set{accept}",
    )


def _limits(metric: MetricDiff, check: str) -> Iterator[Finding]:
    """One finding for each floor or ceiling that is missed, or lies inside the value's interval."""
    for floor in metric.floors:
        if floor.status is FloorStatus.MET or metric.head is None:
            continue
        missed = floor.status is FloorStatus.MISSED
        unsure = "" if missed else f"; {NARROWLY}"
        yield Finding(
            check=check,
            subject=subject(metric),
            status=Status.FAIL if missed else Status.WARN,
            message=f"{inert(metric.metric)} is {_held(metric, floor)}, expected {floor.expected}{unsure}",
            observed=metric.head,
            expected=floor.expected,
            interval=metric.head_interval,
            n=metric.n if metric.head_n is None else metric.head_n,
            help=_IMPROVE if missed else _to_be_sure(metric, floor),
        )


def _to_be_sure(metric: MetricDiff, floor: Floor) -> str:
    head, interval = metric.head or 0.0, metric.head_interval
    if interval is None:
        return _IMPROVE
    end = interval.low if floor.direction is Direction.HIGHER else interval.high
    return advice(floor.key, head, end, floor.rows_needed)


def _held(metric: MetricDiff, floor: Floor) -> str:
    """Return `0.73 (0.71 to 0.75)`, the value and its interval on the side of the limit where they lie."""
    head, interval = metric.head or 0.0, metric.head_interval
    if interval is None:
        return number(head, decimals=decimals_beside((head,), (floor.limit,)))
    decimals = decimals_beside((head, interval.low, interval.high), (floor.limit,))
    value, low, high = (number(each, decimals=decimals) for each in (head, interval.low, interval.high))
    higher = floor.direction is Direction.HIGHER
    end = "lower" if higher else "upper"
    met = head >= floor.limit if higher else head <= floor.limit
    judged = f", whose {end} end is judged" if met and floor.status is FloorStatus.MISSED else ""
    return f"{value} ({low} to {high}){judged}"


def _finding(metric: MetricDiff, occasion: Occasion) -> Finding | None:
    """What a gated metric amounts to."""
    if metric.problem:
        # Rows were counted: the value is computed from predictions, and no stage wrote it down.
        usual = _FINITE if metric.head_n is None else _UNDEFINED
        return _about(metric, Status.ERROR, metric.problem, metric.advice or usual)
    if metric.verdict is None:
        return None
    return _about(metric, _status(metric, occasion), _message(metric), _help(metric))


def _about(metric: MetricDiff, status: Status, message: str, help_: str | None) -> Finding:
    return Finding(
        check=VERDICT,
        subject=subject(metric),
        status=status,
        message=message,
        observed=metric.difference,
        expected=None if metric.margin is None else f"a {_worsening(metric)} of at most {_margin(metric)}",
        interval=metric.interval,
        n=metric.n,
        help=None if status is Status.PASS else help_,
    )


def _status(metric: MetricDiff, occasion: Occasion) -> Status:
    if metric.verdict is MetricVerdict.REGRESSED:
        return Status.FAIL
    if occasion is Occasion.PROMOTION:
        unsure = metric.verdict is MetricVerdict.INCONCLUSIVE and metric.likely_worse
        if unsure or metric.verdict is MetricVerdict.NOT_COMPARABLE:
            return Status.FAIL
    settled = metric.verdict in (MetricVerdict.IMPROVED, MetricVerdict.WITHIN_MARGIN)
    return Status.PASS if settled else Status.WARN


def _message(metric: MetricDiff) -> str:
    said = SAYS[metric.verdict] if metric.verdict else ""
    if metric.verdict is MetricVerdict.NOT_COMPARABLE:
        # The same for all metrics of a model, so that a report can say it once.
        return f"{said}: {metric.note}"
    moved = (
        ""
        if metric.difference is None
        else f": {difference(metric.difference, metric.interval, margin=metric.margin)}"
    )
    accepted = "" if metric.margin is None else f", accepted {_worsening(metric)} {_margin(metric)}"
    notes = [each for each in (metric.note, _CHANCE if _lies_beyond(metric) else "") if each]
    note = f" ({'; '.join(notes)})" if notes else ""
    return f"{inert(metric.metric)} {said}{moved}{accepted}{note}"


def _lies_beyond(metric: MetricDiff) -> bool:
    """Whether the whole interval is worse than accepted, and the verdict holds back all the same."""
    if metric.verdict is not MetricVerdict.INCONCLUSIVE or metric.interval is None or metric.margin is None:
        return False
    higher = metric.direction is Direction.HIGHER
    best = metric.interval.high if higher else -metric.interval.low
    return best < -metric.margin


def _help(metric: MetricDiff) -> str:
    match metric.verdict:
        case MetricVerdict.REGRESSED:
            drop = _worsening(metric)
            accept = f"accept the {drop} in mlci.yaml (`may_drop`) with your reviewers"
            return f"undo what made it {drop}, or {accept}"
        case MetricVerdict.NOT_COMPARABLE:
            return metric.advice or _SCORE_BASE
        case MetricVerdict.INSUFFICIENT:
            return _MORE_OF_A_KIND
        case _:
            return _of_doubt(metric)


def _of_doubt(metric: MetricDiff) -> str:
    if metric.rows_needed:
        return f"a test set of about {estimate(metric.rows_needed):,} rows would tell"
    if metric.interval is None:
        return _UNSURE
    if metric.noticeable:
        return "more rows will not tell: the difference lies on the margin"
    return "look at the interval before you merge"


def _margin(metric: MetricDiff) -> str:
    decimals = decimals_of(metric.difference, metric.interval, margin=metric.margin)
    return number(metric.margin, decimals=decimals)


def _worsening(metric: MetricDiff) -> str:
    return "drop" if metric.direction is Direction.HIGHER else "rise"
