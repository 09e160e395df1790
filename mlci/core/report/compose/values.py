"""The values of metrics and parameters files that moved, as folded tables of a report."""

from collections.abc import Sequence
from decimal import Decimal
from math import isfinite

from mlci.core.diff import Diff, Move, ValueDiff
from mlci.core.diff.values import NOT_FINITE, Kind, Value
from mlci.core.report import Block, Cell, Column, Paragraph, Section, Table, Tone, code, prose, words
from mlci.core.report.compose.extent import Extent, is_cut
from mlci.core.report.compose.headline import base_title
from mlci.core.wording import MINUS, NOTHING, decimals_between, share

LONGEST_NUMBER = 24
# Of a name, a text or a list so much is shown; a document of JSON has all of it.
LONGEST_TEXT = 120


def sections(diff: Diff, extent: Extent) -> tuple[Section | None, ...]:
    """Return what moved in metrics and in parameters, each where anything did."""
    return (
        _values("Metrics", diff.values, base_title(diff), extent, rounded=True),
        _values("Parameters", diff.params, base_title(diff), extent, rounded=False),
    )


def _values(
    title: str, values: Sequence[ValueDiff], base: str, extent: Extent, *, rounded: bool
) -> Section | None:
    """The values that moved; measured ones are `rounded`, what somebody wrote stands as it was written."""
    moved = [each for each in values if each.move is not Move.UNCHANGED]
    if not moved:
        return None
    columns = (
        Column(title="name"),
        Column(title=base, number=True),
        Column(title="this change", number=True),
        Column(title="difference", number=True),
    )
    cut = is_cut(len(moved), extent.values)
    order = _weight if cut else _place
    shown = sorted(moved, key=lambda each: (not (rounded and _broke(each)), *order(each)))[: extent.values]
    rows = tuple(_value_row(each, rounded=rounded) for each in shown)
    blocks: list[Block] = [Table(columns=columns, rows=rows)]
    if cut:
        first = f"These {len(shown):,} changed most: first what is new, gone or no number, then by share."
        others = f"{len(moved) - len(shown):,} more: `{extent.others}`"
        blocks.append(Paragraph(text=prose(f"{first} {others}")))
    broken = sum(map(_broke, moved)) if rounded else 0
    summary = f"{len(moved):,} changed" + (f", {broken:,} of them no number any more" if broken else "")
    return Section(title=title, blocks=tuple(blocks), summary=words(summary), folded=True)


def _broke(value: ValueDiff) -> bool:
    """Whether a number became something that is none."""
    return value.base.kind is Kind.NUMBER and value.head.kind not in (Kind.NUMBER, Kind.MISSING)


def _weight(value: ValueDiff) -> tuple[object, ...]:
    """Order by change: first what came, went or is no number, then the largest share."""
    relative = value.relative
    return (float("-inf") if relative is None else -abs(relative), *_place(value))


def _place(value: ValueDiff) -> tuple[object, ...]:
    return value.path, value.key


def _value_row(value: ValueDiff, *, rounded: bool) -> tuple[Cell, ...]:
    moved, base, head = value.difference, value.base.exact, value.head.exact
    known = [each for each in (base, head) if each is not None]
    decimals = decimals_between(known[0], known[-1]) if known else None
    change = (
        value.move.value
        if moved is None or value.move is Move.RENAMED
        else _change(moved, value.relative, decimals)
    )
    places = decimals if rounded else None
    name = code(_short(f"{value.path}:{value.name}"))
    return (
        Cell(text=(*name, *words(", was "), *code(_short(value.was))) if value.was else name),
        _value_cell(value.base, places),
        _value_cell(value.head, places),
        Cell(text=words(change), tone=Tone.BAD if rounded and _broke(value) else Tone.NEUTRAL),
    )


def _value_cell(value: Value, decimals: int | None) -> Cell:
    if value.kind is Kind.MISSING:
        return Cell(text=words(NOTHING))
    if value.exact is not None and decimals is not None:
        return Cell(text=code(f"{value.exact:,.{decimals}f}".replace("-", MINUS)))
    if value.exact is not None and len(value.text) > LONGEST_NUMBER:
        return Cell(text=code(f"{value.number:.6g}".replace("-", MINUS)))
    return Cell(text=code(_short(NOT_FINITE.get(value.kind, value.text))))


def _short(text: str) -> str:
    return text if len(text) <= LONGEST_TEXT else f"{text[:LONGEST_TEXT]}… ({len(text):,} characters)"


def _change(moved: Decimal, relative: float | None, decimals: int | None) -> str:
    text = f"{moved.normalize():+.3g}" if decimals is None else f"{moved:+,.{decimals}f}"
    told = text.replace("-", MINUS)
    return told if relative is None or not isfinite(100 * relative) else f"{told} ({share(relative)})"
