"""Evidence and a diff, told as a report: what a reviewer needs first comes first."""

from collections.abc import Mapping, Sequence
from itertools import chain

from msgspec.structs import replace

from mlci.core.diff import Diff, Occasion
from mlci.core.diff.findings import BASE, GATES, RECORDED, ROWS, gate_removed
from mlci.core.evidence import DIFF, PIPELINE, Evidence
from mlci.core.finding import Finding, Status, Verdict, Waived, verdict_of
from mlci.core.report import Item, Items, Report, Section, Text, Tone, code, prose, strong, words
from mlci.core.report.compose import files, gates, headline, lineage, objectives, pipeline, values
from mlci.core.report.compose.extent import SHORT, Extent
from mlci.core.report.compose.gates import tone_of

# What puts all else in doubt that a report says.
_DOUBTS = frozenset({BASE, RECORDED, ROWS})


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
    extent: Extent = SHORT,
) -> Report:
    """Return the report of one run. `against` holds further diffs by what they compare with: they inform.

    What is `missing` was owed and did not run, `removed` are gates that the change took away: neither is
    green. `stale` says why the report speaks of something else than what lies here. Long lists are as short
    as `extent` says.
    """
    findings = tuple(chain.from_iterable(each.findings for each in evidence))
    found = verdict_of(findings)
    # What is red already tells more than what did not come to run after it.
    unjudged = None if found is Verdict.FAILED else _unjudged(missing, removed)
    verdict = Verdict.FAILED if unjudged else _doubted(found, diff)
    sections = (
        _failed(findings, removed, extent.subjects),
        _doubtful(findings, removed, extent.subjects),
        _waived(findings, extent.subjects),
        *(objectives.first(diff, extent) if diff else ()),
        *(objectives.against(name, each) for name, each in sorted((against or {}).items())),
        *chain.from_iterable(gates.sections(each) for each in evidence if each.gate != DIFF),
        *(pipeline.section(each) for each in evidence if each.gate == PIPELINE),
        *(rest(diff, extent) if diff else ()),
        lineage.section(evidence),
    )
    return Report(
        key=project,
        verdict=verdict,
        headline=unjudged or headline.headline(occasion, verdict, evidence, diff),
        facts=(
            *(strong(f"{stale}.") + words(" ") if stale else ()),
            *headline.facts(project, diff),
        ),
        sections=tuple(each for each in sections if each is not None),
        judged=verdict is not Verdict.PASSED or headline.judges(evidence, diff),
    )


def rest(diff: Diff, extent: Extent = SHORT) -> tuple[Section | None, ...]:
    """Return what explains a diff: values, files, stages and notes, all folded."""
    return (*values.sections(diff, extent), *files.sections(diff, extent))


def what_failed(findings: Sequence[Finding]) -> Section | None:
    """Return red findings as a report tells them, for who decides by them and has no report of its own."""
    return _failed(findings, (), SHORT.subjects)


def _doubted(verdict: Verdict, diff: Diff | None) -> Verdict:
    """Green says that nothing got worse: where nothing could be compared, nobody knows."""
    return Verdict.WARNED if verdict is Verdict.PASSED and headline.uncompared(diff) else verdict


def _unjudged(missing: Sequence[str], removed: Sequence[str]) -> Text | None:
    """What is owed and was not answered; None when all was."""
    if missing:
        return words(f"Not judged yet: {', '.join(missing)} did not run")
    if removed:
        return words(f"Not judged by all that is asked: the pull request removes {_gates(removed)}")
    return None


def _gates(names: Sequence[str]) -> str:
    return f"the gate{'' if len(names) == 1 else 's'} {', '.join(names)}"


def _failed(findings: Sequence[Finding], removed: Sequence[str], most: int | None) -> Section | None:
    """What is red, of which nothing else puts off the reader."""
    red = [each for each in findings if each.blocks]
    return _listed("What failed", (*_items(red, most), *map(_lost, removed)))


def _doubtful(findings: Sequence[Finding], removed: Sequence[str], most: int | None) -> Section | None:
    """What only warns: first what puts all else in doubt, last what no single change brought."""
    yellow = [
        each
        for each in findings
        if each.status is Status.WARN and not (each.check == GATES and each.subject in removed)
    ]
    doubts = [each for each in yellow if each.check in _DOUBTS]
    others = sorted((each for each in yellow if each.check not in _DOUBTS), key=headline.is_narrow)
    return _listed("What to look at", (*_items(doubts, most), *_items(others, most)))


def _listed(title: str, items: Sequence[Item]) -> Section | None:
    return Section(title=title, blocks=(Items(items=tuple(items)),)) if items else None


def _items(findings: Sequence[Finding], most: int | None) -> list[Item]:
    """One item a cause, with `most` names; what to do is said once below all that ask for the same."""
    causes: dict[tuple[object, ...], list[Finding]] = {}
    for each in findings:
        key = (each.check, each.status, each.message, each.help, each.waived)
        causes.setdefault(key, []).append(each)
    advised: dict[Text, list[Item]] = {}
    for item in (_item(each, most) for each in causes.values()):
        advised.setdefault(item.then, []).append(item)
    items: list[Item] = []
    for *before, last in advised.values():
        items += [replace(each, then=()) for each in before]
        these = words(f"for these {len(before) + 1:,}: ") if before and last.then else ()
        items.append(replace(last, then=(*these, *last.then)))
    return items


def _lost(gate: str) -> Item:
    """A gate that is asked for where the change goes to, and that the change itself took away."""
    told = gate_removed(gate)
    return Item(text=prose(told.message), tone=Tone.BAD, then=prose(told.help or ""))


def _waived(findings: Sequence[Finding], most: int | None) -> Section | None:
    """What would be red, had nobody accepted it."""
    accepted = [each for each in findings if each.waived and not each.blocks]
    return _listed("Accepted for now", _items(accepted, most))


def _item(findings: Sequence[Finding], most: int | None) -> Item:
    """What is wrong, with all whom the same befell."""
    finding = findings[0]
    whom = _subjects(findings, most)
    text: Text = (*code(finding.check), *words(" "), *whom, *prose(f": {finding.message}"))
    help_ = prose(finding.help) if finding.help else ()
    if finding.waived is None:
        return Item(text=text, tone=tone_of(finding), then=help_)
    accepted = _acceptance(finding.waived)
    if not finding.blocks:
        return Item(text=text, tone=tone_of(finding), then=accepted)
    first = (*help_, *words("; or ")) if help_ else ()
    then = (*first, *words("prolong the waiver: "), *accepted)
    return Item(text=text, tone=tone_of(finding), then=then)


def _subjects(findings: Sequence[Finding], most: int | None) -> Text:
    named = [each.subject for each in findings[:most]]
    more = len(findings) - len(named)
    text = tuple(span for name in named for span in (*words(", "), *code(name)))[1:]
    return (*text, *words(f" and {more:,} more")) if more else text


def _acceptance(waived: Waived) -> Text:
    """Who accepted it, and until when."""
    return (
        *strong(waived.lasts),
        *words(", by "),
        *code(waived.owner),
        *words(f": {waived.reason}"),
    )
