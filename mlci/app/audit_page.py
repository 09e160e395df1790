"""A model's trail as a page: one line an event, and the facts of each behind it."""

from mlci.app.audit import Step, Trail
from mlci.core.report import (
    Cell,
    Column,
    Item,
    Items,
    Page,
    Section,
    Table,
    Tone,
    code,
    strong,
    words,
)
from mlci.core.wording import count

_COLUMNS = tuple(Column(title=each) for each in ("when (UTC)", "what", "by", "with"))
_FACTS = (Column(title="fact"), Column(title="value"))
_TONES = {True: Tone.GOOD, False: Tone.BAD, None: Tone.NEUTRAL}


def audit_page(trail: Trail) -> Page:
    """The page of a trail."""
    listed = Table(columns=_COLUMNS, rows=tuple(_row(each) for each in trail.steps))
    odd = tuple(Item(text=words(each), tone=Tone.WARN) for each in trail.oddities)
    return Page(
        title=(*words("Trail of "), *code(trail.model)),
        facts=words(f"{count(len(trail.steps), 'event')}; {trail.state}."),
        sections=(
            Section(title="What happened", blocks=(listed,)),
            *((Section(title="Odd tags", blocks=(Items(items=odd),)),) if odd else ()),
            *(_details(each) for each in trail.steps),
        ),
    )


def moment(when: str) -> str:
    """A date as a line shows it: to the minute."""
    return when[:16].replace("T", " ")


def _row(step: Step) -> tuple[Cell, ...]:
    return (
        Cell(text=words(moment(step.happened.when))),
        Cell(text=strong(step.what), tone=_TONES[step.ok]),
        Cell(text=words(step.happened.actor)),
        Cell(text=words(step.how)),
    )


def _details(step: Step) -> Section:
    each = step.happened
    facts = [("sentence", each.sentence), ("tag", each.tag), ("commit", each.commit), ("date", each.when)]
    facts += [(key.lower().replace("-", " "), value) for key, value in step.facts]
    rows = tuple((Cell(text=words(key)), Cell(text=code(value))) for key, value in facts if value)
    return Section(
        title=f"{moment(each.when)}: {step.what}",
        blocks=(Table(columns=_FACTS, rows=rows),),
        summary=words(each.actor),
        folded=True,
    )
