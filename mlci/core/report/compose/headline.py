"""The first line of a report, which answers what was asked, and the facts below it: what was compared."""

from collections import Counter
from collections.abc import Mapping, Sequence

from mlci.core.config import Direction
from mlci.core.diff import SETTLED, Diff, FloorStatus, MetricDiff, MetricVerdict, Occasion
from mlci.core.diff.findings import (
    BASE,
    FINITE,
    GATES,
    OBJECTIVE,
    READABLE,
    RECORDED,
    ROWS,
    SAYS,
    SLICES,
    TAKEN,
    UNRUN,
    VERDICT,
    paired,
    subject,
)
from mlci.core.diff.relaxed import RELAXED, WAIVERS
from mlci.core.evidence import DIFF, MODEL, PIPELINE, Evidence
from mlci.core.finding import Finding, Status, Verdict
from mlci.core.report import Text, code, words
from mlci.core.wording import count

_ANSWERS = {
    Occasion.PULL_REQUEST: {
        Verdict.PASSED: "You may merge: ",
        Verdict.WARNED: "You may merge, after a look: ",
        Verdict.FAILED: "Do not merge: ",
    },
    Occasion.PROMOTION: {
        Verdict.PASSED: "Ready to be registered: ",
        Verdict.WARNED: "May be registered, after a look: ",
        Verdict.FAILED: "Must not be registered: ",
    },
    Occasion.NONE: {
        Verdict.PASSED: "Reproduced, and nothing was judged: only some stages were asked for",
        Verdict.WARNED: "Reproduced, and nothing was judged: ",
        Verdict.FAILED: "Not reproduced: ",
    },
}
# A diff that stands alone ran no stage and no gate, of which a version needs the answers, too.
_COMPARED_ALONE = {
    Verdict.PASSED: "Ready to be registered, as far as a comparison tells: ",
    Verdict.WARNED: "May be registered, as far as a comparison tells, after a look: ",
}
# What a finding of the diff says in a sentence: what stands before and after its subject.
_SENTENCES = {
    BASE: ("", " is not here, so nothing was compared with it"),
    GATES: ("the gate ", " is removed"),
    ROWS: ("the test set of ", " is another than the base's"),
    SLICES: ("the slice ", " got worse"),
    READABLE: ("", " cannot be read"),
    FINITE: ("", " holds what is not a finite number"),
    RECORDED: ("", " is not what dvc.lock records"),
    RELAXED: ("the change asks less, or something else, of ", ""),
    WAIVERS: ("the waiver of ", " forgives nothing"),
}
_OF_RECORDS = {
    UNRUN: ("the stage ", " is declared otherwise than it ran"),
    TAKEN: ("the change takes away ", ""),
}
# The model gate asks the same of limits, where there is one.
_ABOUT_LIMITS = (OBJECTIVE, f"{MODEL}.objective")
_MISSES = {Status.FAIL: "misses its limit", Status.WARN: "meets its limit narrowly"}
_DOES = {Status.WARN: "warns", Status.FAIL: "fails", Status.ERROR: "cannot be answered"}
# So many reasons why nothing could be compared are read.
_MOST_REASONS = 3


def headline(occasion: Occasion, verdict: Verdict, evidence: Sequence[Evidence], diff: Diff | None) -> Text:
    """Return the answer to what is asked on this occasion, and why."""
    answers = _ANSWERS[occasion]
    if occasion is Occasion.PROMOTION and {each.gate for each in evidence} == {DIFF}:
        answers = {**answers, **_COMPARED_ALONE}
    answer = words(answers[verdict])
    if occasion is Occasion.NONE and verdict is Verdict.PASSED:
        return answer
    if not judges(evidence, diff):
        return words(f"Nothing is judged: {_nothing(evidence)}")
    return answer + _because(evidence, diff)


def judges(evidence: Sequence[Evidence], diff: Diff | None) -> bool:
    """Whether there was anything to judge: a check that was asked, or a metric that an objective names."""
    asked = any(each.status is not Status.SKIP for gate in evidence for each in gate.findings)
    return asked or bool(_gated(diff))


def uncompared(diff: Diff | None) -> bool:
    """Whether a base is there, or is missing, and an objective asks for it, and no metric was compared."""
    if diff is None or not (diff.base or diff.base_name):
        return False
    return any(map(_new, diff.metrics)) and not any(each.verdict for each in _gated(diff))


def facts(project: str, diff: Diff | None) -> Text:
    """Return what was compared with what, on how many rows, and why where nothing could be."""
    named = (*words("Project "), *code(project))
    if diff is None:
        return (*named, *words(", no comparison."))
    if diff.base is None:
        # What chose the base says first why there is none.
        why = diff.notes[0] if diff.notes else "nothing to compare with"
        return (*named, *words(f": {why}."))
    base = (*words("compared with "), *_base(diff), *words(" at "), *code(diff.base[:10]))
    head = code("the work tree") if diff.head is None else code(diff.head[:10])
    rows = "".join(f"; {paired(each)}" for each in diff.pairings if each.comparable)
    why = f", which has none of these metrics{_reasons(diff)}" if uncompared(diff) else ""
    return (*named, *words(": "), *head, *words(" "), *base, *words(f"{rows}{why}."))


def _reasons(diff: Diff) -> str:
    told = "; ".join(diff.notes[:_MOST_REASONS])
    return f" ({told})" if told else ""


def base_title(diff: Diff) -> str:
    """Return what the base is called, in a sentence and over a column of its values."""
    return diff.base_name or (diff.base[:10] if diff.base else "base")


def _base(diff: Diff) -> Text:
    return code(base_title(diff))


def _gated(diff: Diff | None) -> list[MetricDiff]:
    return [each for each in diff.metrics if each.gated] if diff else []


def _new(metric: MetricDiff) -> bool:
    """Whether an objective asks how a metric changed, and there is nothing that it changed from."""
    asked = metric.margin is not None or not metric.floors
    return metric.gated and asked and metric.base is None and not (metric.verdict or metric.problem)


def _nothing(evidence: Sequence[Evidence]) -> str:
    names = {each.gate for each in evidence}
    if names - {DIFF, PIPELINE}:
        return "every check was skipped, and no objective names a metric"
    if PIPELINE in names:
        return "there is no stage to reproduce and no gate, and no objective names a metric"
    return "no objective names a metric"


def _because(evidence: Sequence[Evidence], diff: Diff | None) -> Text:
    findings = [each for gate in evidence for each in gate.findings]
    doubtful = [each for each in findings if each.status in (Status.WARN, Status.FAIL, Status.ERROR)]
    told = [each for each in doubtful if each.blocks] or sorted(doubtful, key=is_narrow)
    if not told:
        return _good_news(evidence, diff)
    more = f" and {count(len(told) - 1, 'more finding')}" if len(told) > 1 else ""
    return (*_told(told[0], _names(diff)), *words(f"{as_before(told[0], diff)}{_accepted(told[0])}{more}"))


def is_narrow(finding: Finding) -> bool:
    """Whether it only says that these rows cannot be sure of a limit, which no single change brings."""
    return finding.check in _ABOUT_LIMITS and finding.status is Status.WARN


def as_before(finding: Finding, diff: Diff | None) -> str:
    """Return `, as main does` where a limit was met as narrowly before: then it is no news of this change."""
    metrics = diff.metrics if diff and is_narrow(finding) else ()
    same = any(subject(each) == finding.subject and _was_narrow(each) for each in metrics)
    return f", as {base_title(diff)} does" if diff and same else ""


def _was_narrow(metric: MetricDiff) -> bool:
    """Whether base met a limit that its rows, as sure as head's, could not be sure of either."""
    base, head, around = metric.base, metric.head, metric.head_interval
    if base is None or head is None or around is None:
        return False
    low, high = base - (head - around.low), base + (around.high - head)
    return any(
        low < floor.limit <= base if floor.direction is Direction.HIGHER else base <= floor.limit < high
        for floor in metric.floors
    )


def _good_news(evidence: Sequence[Evidence], diff: Diff | None) -> Text:
    """What is best of that which nothing stands against. What was not compared did not stay as good."""
    if diff and uncompared(diff):
        return (*words("nothing could be compared with "), *_base(diff))
    better = [
        each
        for each in (diff.metrics if diff else ())
        if each.verdict is MetricVerdict.IMPROVED and not each.subject
    ]
    if better:
        more = f" and {count(len(better) - 1, 'more metric')}" if len(better) > 1 else ""
        return (*code(_names(diff)[subject(better[0])]), *words(f"{more} improved"))
    return words(_no_bad_news(evidence, _gated(diff)))


def _no_bad_news(evidence: Sequence[Evidence], gated: Sequence[MetricDiff]) -> str:
    settled = [each for each in gated if each.verdict in SETTLED]
    if settled:
        what = "nothing that could be compared" if any(map(_new, gated)) else "nothing"
        beyond = " beyond its margin" if any(each.margin is not None for each in settled) else ""
        return f"{what} got worse{beyond}"
    if any(each.gate not in (DIFF, PIPELINE) for each in evidence):
        return "every gate passed"
    if any(floor.status is FloorStatus.MET for each in gated for floor in each.floors):
        return "every limit is met"
    if gated:
        return "there is nothing to compare with yet"
    return "it is reproduced, and no objective names a metric"


def _names(diff: Diff | None) -> Mapping[str, str]:
    """What each subject of a verdict is called: without its model where nothing else could be meant."""
    metrics = diff.metrics if diff else ()
    often = Counter(each.metric for each in metrics if not each.subject)
    return {subject(each): subject(each) if often[each.metric] > 1 else each.metric for each in metrics}


def _told(finding: Finding, names: Mapping[str, str]) -> Text:
    """A finding as a part of a sentence."""
    if finding.check in _SENTENCES:
        of_records = _OF_RECORDS.items() if finding.check == RECORDED else ()
        apart = (sentence for begins, sentence in of_records if finding.message.startswith(begins))
        before, after = next(apart, _SENTENCES[finding.check])
        return (*words(before), *code(finding.subject), *words(after))
    if finding.check in (VERDICT, *_ABOUT_LIMITS):
        return (*code(names.get(finding.subject, finding.subject)), *words(f" {_short(finding)}"))
    return (*code(finding.check), *words(f" {_DOES[finding.status]} on "), *code(finding.subject))


def _short(finding: Finding) -> str:
    if finding.check in _ABOUT_LIMITS:
        return _MISSES.get(finding.status, "cannot be judged")
    said = finding.message.partition(": ")[0]  # a metric may be called like a verdict
    found = next((each for each in SAYS.values() if said.endswith(each)), "cannot be judged")
    # What it says of the test set stands with the finding.
    return found.partition(";")[0]


def _accepted(finding: Finding) -> str:
    return "" if finding.waived is None else f" ({finding.waived.lasts})"
