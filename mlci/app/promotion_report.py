"""A checked promotion as one report: may it be merged, what would change, and what speaks against it."""

from mlci.app.promotion_check import Answer, Candidate, Checked
from mlci.core.finding import Verdict
from mlci.core.registry.environments import Refusal
from mlci.core.registry.stated import Stated
from mlci.core.report import (
    Block,
    Cell,
    Column,
    Item,
    Items,
    Paragraph,
    Report,
    Section,
    Table,
    Text,
    Tone,
    code,
    words,
)
from mlci.core.wording import NOTHING, count, number, signed
from mlci.errors import Exit

_COLUMNS = (
    Column(title="metric"),
    Column(title="runs now", number=True),
    Column(title="would run", number=True),
    Column(title="difference", number=True),
)
_TESTS = {
    True: "Both were measured on the same test data; each interval is the version's own.",
    False: "They were measured on different test data, so the difference says little.",
    None: "Whether both were measured on the same test data is not known.",
}


def promotion_report(checked: Checked, *, project: str) -> Report:
    """The report of a promotion's pull request."""
    verdict = _verdict(checked)
    sections = [
        *([_refused(checked.refusals)] if checked.refusals else []),
        *(_candidate(each) for each in checked.candidates),
    ]
    return Report(
        key=project,
        verdict=verdict,
        headline=words(_headline(checked, verdict)),
        facts=(
            *words("Project "),
            *code(project),
            *words(f": {_environments(checked)}.{_lying_here(checked)}"),
        ),
        sections=tuple(sections),
    )


def _verdict(checked: Checked) -> Verdict:
    if checked.exit is not Exit.DONE:
        return Verdict.FAILED
    answers = [each for one in checked.candidates for each in one.answers]
    return Verdict.PASSED if all(each.ok for each in answers) else Verdict.WARNED


def _headline(checked: Checked, verdict: Verdict) -> str:
    if not checked.candidates and not checked.refusals:
        return "No environment would change"
    if verdict is Verdict.FAILED:
        blocking = sum(each.blocks for one in checked.candidates for each in one.answers)
        promises = [f"{count(blocking, 'promise')} not kept"] if blocking else []
        refused = len(checked.refusals)
        return "Do not merge: " + ", ".join(
            [*promises, *([f"{count(refused, 'change')} that no rule allows"] if refused else [])]
        )
    changes = "; ".join(str(each) for each in checked.changes) or "nothing"
    look = ", after a look" if verdict is Verdict.WARNED else ""
    return f"You may merge{look}: this would {changes}"


def _environments(checked: Checked) -> str:
    return f"the file of {', '.join(checked.changed)} changes" if checked.changed else "no file changes"


def _lying_here(checked: Checked) -> str:
    """A pull request brings only what is committed."""
    return f" Not committed yet: {', '.join(checked.uncommitted)}." if checked.uncommitted else ""


def _refused(refusals: tuple[Refusal, ...]) -> Section:
    items = tuple(
        Item(
            text=(*words(f"{each.message} ["), *code(each.id), *words("]")),
            tone=Tone.BAD,
            then=words(each.help),
        )
        for each in refusals
    )
    return Section(title="What no rule allows", blocks=(Items(items=items),))


def _candidate(one: Candidate) -> Section:
    blocks: list[Block] = []
    if one.answers:
        blocks.append(Items(items=tuple(_item(each) for each in one.answers)))
    else:
        blocks.append(Paragraph(text=words("Nothing runs there afterwards.")))
    if one.now and one.then:
        blocks.append(Table(columns=_COLUMNS, rows=_rows(one)))
        blocks.append(Paragraph(text=words(_TESTS[one.same_test] + _of_slices(one))))
    return Section(title=str(one.change), blocks=tuple(blocks))


def _of_slices(one: Candidate) -> str:
    """Where the many metrics of slices are told."""
    slices = sum(not each.whole for each in one.then)
    reference = f"{one.change.model}@{one.change.release.title}"
    return f" {count(slices, 'metric')} of slices: mlci card {reference}" if slices else ""


def _item(answer: Answer) -> Item:
    tone = Tone.BAD if answer.blocks else Tone.GOOD if answer.ok else Tone.WARN
    forgiven = " (going back is never blocked)" if answer.ok is False and answer.forgiven else ""
    return Item(
        text=(*code(answer.what), *words(f": {answer.why}{forgiven}")),
        tone=tone,
        then=words(answer.help) if answer.ok is False and answer.help else (),
    )


def _rows(one: Candidate) -> tuple[tuple[Cell, ...], ...]:
    now, then = ({each.name: each for each in side} for side in (one.now, one.then))
    names = [name for name, each in {**then, **now}.items() if each.whole]
    return tuple(
        (
            Cell(text=code(name)),
            Cell(text=_value(now.get(name))),
            Cell(text=_value(then.get(name))),
            Cell(text=_difference(now.get(name), then.get(name))),
        )
        for name in names
    )


def _value(stated: Stated | None) -> Text:
    if stated is None:
        return words(NOTHING)
    return words(number(stated.value) + (f" ({stated.limits})" if stated.limits else ""))


def _difference(now: Stated | None, then: Stated | None) -> Text:
    return words(signed(then.value - now.value) if now and then else NOTHING)
