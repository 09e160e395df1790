"""Evidence and a diff, told as a report: what a reviewer needs first comes first."""

from collections.abc import Mapping, Sequence
from itertools import chain, groupby

from msgspec.structs import replace

from mlci.core import compose_diff, compose_gates, compose_lineage, compose_pipeline
from mlci.core.compose_gates import tone_of
from mlci.core.diff import Diff, MetricVerdict, Occasion
from mlci.core.diff_findings import (
    GATES,
    OBJECTIVE,
    READABLE,
    RECORDED,
    ROWS,
    SAYS,
    VERDICT,
    gate_removed,
    paired,
)
from mlci.core.evidence import DIFF, PIPELINE, Evidence
from mlci.core.finding import Finding, Status, Verdict, Waived, verdict_of
from mlci.core.report import Item, Items, Report, Section, Text, Tone, code, prose, strong, words
from mlci.core.wording import count

MOST_SUBJECTS = 8
ANSWERS = {
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


def compose(
    *,
    project: str,
    evidence: Sequence[Evidence],
    diff: Diff | None,
    occasion: Occasion,
    against: Mapping[str, Diff] | None = None,
    missing: Sequence[str] = (),
    removed: Sequence[str] = (),
    stale: str = "",
) -> Report:
    """Return the report of one run. `against` holds further diffs by what they compare with: they inform.

    What is `missing` was owed and did not run, `removed` are gates that the change took away: neither is
    green. `stale` says why the report speaks of something else than what lies here.
    """
    findings = tuple(chain.from_iterable(each.findings for each in evidence))
    verdict = verdict_of(findings)
    # What is red already tells more than what did not come to run after it.
    unjudged = None if verdict is Verdict.FAILED else _unjudged(missing, removed)
    verdict = Verdict.FAILED if unjudged else verdict
    sections = (
        _attention(findings, removed),
        *(compose_diff.first(diff) if diff else ()),
        *(compose_diff.against(name, each) for name, each in sorted((against or {}).items())),
        _waived(findings),
        *chain.from_iterable(compose_gates.sections(each) for each in evidence if each.gate != DIFF),
        *(compose_pipeline.section(each) for each in evidence if each.gate == PIPELINE),
        *(compose_diff.rest(diff) if diff else ()),
        compose_lineage.section(evidence),
    )
    return Report(
        key=project,
        verdict=verdict,
        headline=unjudged or _headline(occasion, verdict, findings, diff),
        facts=(*(strong(f"{stale}.") + words(" ") if stale else ()), *_facts(project, diff)),
        sections=tuple(each for each in sections if each is not None),
    )


def _unjudged(missing: Sequence[str], removed: Sequence[str]) -> Text | None:
    """What is owed and was not answered; None when all was."""
    if missing:
        return words(f"Not judged yet: {', '.join(missing)} did not run")
    if removed:
        return words(f"Not judged by all that is asked: the pull request removes {_gates(removed)}")
    return None


def _gates(names: Sequence[str]) -> str:
    return f"the gate{'' if len(names) == 1 else 's'} {', '.join(names)}"


def _headline(occasion: Occasion, verdict: Verdict, findings: Sequence[Finding], diff: Diff | None) -> Text:
    """The answer to what is asked on this occasion, and why."""
    answer = words(ANSWERS[occasion][verdict])
    if occasion is Occasion.NONE and verdict is Verdict.PASSED:
        return answer
    if not (diff and diff.metrics) and all(each.status is Status.SKIP for each in findings):
        return words("Nothing was judged: there is no stage to reproduce, no gate and no metric")
    return answer + _because(findings, diff)


def _because(findings: Sequence[Finding], diff: Diff | None) -> Text:
    blocking = [each for each in findings if each.blocks]
    doubtful = [each for each in findings if each.status in (Status.WARN, Status.FAIL, Status.ERROR)]
    told = blocking or doubtful
    if not told:
        return _good_news(diff)
    more = f" and {count(len(told) - 1, 'more finding')}" if len(told) > 1 else ""
    return (*_name(told[0]), *words(more))


def _good_news(diff: Diff | None) -> Text:
    better = (
        [each for each in diff.metrics if each.verdict is MetricVerdict.IMPROVED and not each.subject]
        if diff
        else []
    )
    if not better:
        return words("nothing got worse beyond its margin" if diff and diff.base else "every gate passed")
    more = f" and {count(len(better) - 1, 'more metric')}" if len(better) > 1 else ""
    return (*code(better[0].metric), *words(f"{more} improved"))


def _name(finding: Finding) -> Text:
    if finding.check == GATES:
        return (*words("the gate "), *code(finding.subject), *words(" is removed"))
    if finding.check in (VERDICT, OBJECTIVE, READABLE):
        return (*code(finding.subject.rpartition(".")[2]), *words(" " + _short(finding)))
    return (*code(finding.check), *words(" on "), *code(finding.subject))


def _short(finding: Finding) -> str:
    said = f" {finding.message}"
    if finding.check == OBJECTIVE:
        return "misses its limit" if finding.status is Status.FAIL else "may miss its limit"
    return next((each for each in SAYS.values() if f" {each}" in said), "cannot be judged")


def _facts(project: str, diff: Diff | None) -> Text:
    if diff is None:
        return (*words("Project "), *code(project), *words(", no comparison."))
    if diff.base is None:
        # What chose the base says first why there is none.
        why = diff.notes[0] if diff.notes else "nothing to compare with"
        return (*words("Project "), *code(project), *words(f": {why}."))
    base = (*words("compared with "), *code(diff.base_name or diff.base[:10]), *_at(diff.base))
    head = code("the work tree") if diff.head is None else code(diff.head[:10])
    rows = "".join(f"; {paired(each)}" for each in diff.pairings if each.comparable)
    return (*words("Project "), *code(project), *words(": "), *head, *words(" "), *base, *words(f"{rows}."))


def _at(commit: str) -> Text:
    return (*words(" at "), *code(commit[:10]))


def _attention(findings: Sequence[Finding], removed: Sequence[str]) -> Section | None:
    red = [each for each in findings if each.blocks]
    yellow = [
        each
        for each in findings
        if each.status is Status.WARN and not (each.check == GATES and each.subject in removed)
    ]
    # What puts all else in doubt is read before it.
    doubts = [each for each in yellow if each.check in (RECORDED, ROWS)]
    others = [each for each in yellow if each not in doubts]
    items = (*_items(doubts), *_items(red), *map(_lost, removed), *_items(others))
    if not items:
        return None
    return Section(title="What failed" if red or removed else "What to look at", blocks=(Items(items=items),))


def _items(findings: Sequence[Finding]) -> list[Item]:
    """One item a cause; what to do is said once below all in a row that ask for the same."""
    causes: dict[tuple[object, ...], list[Finding]] = {}
    for each in findings:
        key = (each.check, each.status, each.message, each.help, each.waived)
        causes.setdefault(key, []).append(each)
    items: list[Item] = []
    for _, same in groupby((_item(each) for each in causes.values()), key=lambda item: item.then):
        *before, last = same
        items += [replace(each, then=()) for each in before]
        these = words(f"for these {len(before) + 1}: ") if before and last.then else ()
        items.append(replace(last, then=(*these, *last.then)))
    return items


def _lost(gate: str) -> Item:
    """A gate that is asked for where the change goes to, and that the change itself took away."""
    told = gate_removed(gate)
    return Item(text=prose(told.message), tone=Tone.BAD, then=prose(told.help or ""))


def _waived(findings: Sequence[Finding]) -> Section | None:
    """What would be red, had nobody accepted it."""
    accepted = [each for each in findings if each.waived and not each.blocks]
    if not accepted:
        return None
    return Section(title="Accepted for now", blocks=(Items(items=tuple(_items(accepted))),))


def _item(findings: Sequence[Finding]) -> Item:
    """What is wrong, with all whom the same befell."""
    finding = findings[0]
    text: Text = (*code(finding.check), *words(" "), *_subjects(findings), *prose(f": {finding.message}"))
    help_ = prose(finding.help) if finding.help else ()
    if finding.waived is None:
        return Item(text=text, tone=tone_of(finding), then=help_)
    return Item(text=text, tone=tone_of(finding), then=_acceptance(finding.waived))


def _subjects(findings: Sequence[Finding]) -> Text:
    named = [each.subject for each in findings[:MOST_SUBJECTS]]
    more = len(findings) - len(named)
    text = tuple(span for name in named for span in (*words(", "), *code(name)))[1:]
    return (*text, *words(f" and {more} more")) if more else text


def _acceptance(waived: Waived) -> Text:
    """Who accepted it, and until when: an end that has come is why it is red again."""
    state = "its waiver ended on" if waived.expired else "waived until"
    return (
        *strong(f"{state} {waived.until}"),
        *words(", by "),
        *code(waived.owner),
        *words(f": {waived.reason}"),
    )
