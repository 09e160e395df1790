"""What a terminal makes of long and wide reports: nothing beyond its width, nothing red left out."""

import re
from time import perf_counter

import pytest
from msgspec.structs import replace

from mlci.core.columns import columns
from mlci.core.finding import Verdict
from mlci.core.report import (
    Block,
    Cell,
    Column,
    Graph,
    IntervalRow,
    Intervals,
    Item,
    Items,
    Node,
    Paragraph,
    Report,
    Section,
    Table,
    Tone,
    code,
    words,
)
from mlci.core.report.picture import legend
from mlci.render import terminal
from mlci.render.terminal import Fold

FOLD = Fold(most=3, more="mlci diff --all")


def report(*blocks: Block, folded: bool = False) -> Report:
    section = Section(title="Part", blocks=blocks, folded=folded)
    return Report(
        key="p", verdict=Verdict.PASSED, headline=words("Fine"), facts=words("Facts"), sections=(section,)
    )


def table(tones: list[Tone]) -> Table:
    rows = tuple((Cell(text=words(f"row{at}"), tone=tone),) for at, tone in enumerate(tones))
    return Table(columns=(Column(title="name"),), rows=rows)


def pictures(tones: list[Tone]) -> Intervals:
    rows = (
        IntervalRow(label=words(f"row{at}"), low=-1, point=0, high=1, tone=tone)
        for at, tone in enumerate(tones)
    )
    return Intervals(rows=tuple(rows))


def shown(block: Block, *, folded: bool) -> tuple[int, str]:
    """How many rows stand there, and the last line."""
    lines = terminal.render(report(block, folded=folded), fold=FOLD).splitlines()
    return sum("row" in line for line in lines), lines[-1].strip()


@pytest.mark.parametrize("make", [table, pictures])
@pytest.mark.parametrize(
    ("tones", "folded", "kept"),
    [
        ([Tone.BAD] * 5 + [Tone.GOOD] * 4, False, 5),
        ([Tone.WARN] + [Tone.GOOD] * 8, False, 3),
        ([Tone.BAD] * 9, True, 3),
    ],
)
def test_what_matters_less_is_counted_in_one_line(make, tones, folded, kept) -> None:
    rows, last = shown(make(tones), folded=folded)
    assert rows == kept
    told = f"… and {9 - kept} more: mlci diff --all"
    assert last == told or told in terminal.render(report(make(tones), folded=folded), fold=FOLD)


def test_of_slices_those_that_stayed_are_only_counted() -> None:
    tones = [Tone.BAD, Tone.NEUTRAL, Tone.NEUTRAL]
    assert shown(pictures(tones), folded=True) == (1, "… and 2 more: mlci diff --all")


def test_lists_are_counted_only_where_they_were_folded() -> None:
    items = Items(items=tuple(Item(text=words(f"row{at}")) for at in range(9)))
    assert shown(items, folded=True) == (3, "… and 6 more: mlci diff --all")
    assert shown(items, folded=False)[0] == 9


def test_without_a_fold_all_is_there() -> None:
    text = terminal.render(report(table([Tone.NEUTRAL] * 50), folded=True))
    assert text.count("row") == 50
    assert "more" not in text


@pytest.mark.parametrize("width", [80, 120, 200])
def test_a_table_that_is_too_wide_goes_on_below(width: int) -> None:
    columns = (Column(title="slice"), *(Column(title=f"metric_{at}", number=True) for at in range(14)))
    cells = tuple(Cell(text=words(f"0.{at:03} ± 0.012"), tone=Tone.BAD) for at in range(14))
    rows = tuple((Cell(text=words(f"region={name}")), *cells) for name in ("north", "south"))
    lines = terminal.render(report(Table(columns=columns, rows=rows)), width=width).splitlines()
    assert max(map(len, lines)) <= width
    for at in range(14):
        assert sum(f"0.{at:03} ± 0.012" in line for line in lines) == 2
    parts = sum(line.lstrip().startswith("slice") for line in lines)
    assert parts == {80: 5, 120: 3, 200: 2}[width]
    assert sum("region=north" in line for line in lines) == parts


def test_wide_letters_do_not_push_a_picture_out() -> None:
    row = IntervalRow(label=words("指標" * 40), low=-1, point=0, high=1)
    lines = terminal.render(report(Intervals(rows=(row,)))).splitlines()
    assert max(map(columns, lines)) == 80


@pytest.mark.parametrize("folded", [True, False])
def test_a_picture_says_how_it_is_read(folded: bool) -> None:
    block = pictures([Tone.GOOD])
    assert legend(block) in terminal.render(report(block, folded=folded))


def test_no_colour_is_needed_to_read_a_picture() -> None:
    row = IntervalRow(
        label=code("region=north"), low=-2, point=-1, high=1, tone=Tone.BAD, said="−0.0419 regressed"
    )
    calm = replace(row, label=code("a"), tone=Tone.NEUTRAL, said="+0.0010 within margin")
    lines = terminal.render(report(Intervals(rows=(row, calm)))).splitlines()
    assert [line[:5] for line in lines[4:6]] == ["  x ─", "    ─"]
    assert [line[31:] for line in lines[4:6]] == [
        "region=north  −0.0419 regressed",
        "a             +0.0010 within margin",
    ]


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("roc_auc.sex=male,age_band=18-29", ["roc_auc.sex=male,", "age_band=18-29"]),
        ("roc_auc.a=1,b=2", ["roc_auc.a=1,b=2"]),
        ("a" * 80 + "north", ["a" * 30, "a" * 30, "a" * 20 + "north"]),
        ("指" * 60 + "north", ["指" * 15, "指" * 15, "…" + "指" * 12 + "north"]),
    ],
)
def test_a_long_name_goes_on_below_its_picture_and_keeps_its_end(name: str, shown: list[str]) -> None:
    row = IntervalRow(label=code(name), low=-2, point=-1, high=1, said="−0.0419 regressed")
    lines = terminal.render(report(Intervals(rows=(row,)))).splitlines()[4:-1]
    assert lines[0].endswith("  −0.0419 regressed")
    assert max(map(columns, lines)) <= 80
    assert [each[31:].removesuffix("−0.0419 regressed").rstrip() for each in lines] == shown


def test_slices_of_which_none_moved_are_counted_without_a_table() -> None:
    assert shown(pictures([Tone.NEUTRAL] * 39), folded=True) == (0, "none of 39 moved: mlci diff --all")


def test_five_thousand_rows_take_no_longer_than_they_must() -> None:
    cells = (*(Cell(text=words(f"region number {at}")) for at in range(4)), Cell(text=words("within margin")))
    titled = tuple(Column(title=f"column {at}") for at in range(5))
    started = perf_counter()
    text = terminal.render(report(Table(columns=titled, rows=(cells,) * 5_000)))
    assert text.count("region number 3") >= 1
    assert perf_counter() - started < 15


def test_wide_letters_wrap_by_the_columns_they_take() -> None:
    item = Item(text=words("指標 " * 60), then=words("再現する" * 40))
    cells = (Cell(text=words("指標" * 30)), Cell(text=words("精度 " * 30)))
    table = Table(columns=(Column(title="名前"), Column(title="値")), rows=(cells,))
    text = terminal.render(report(Items(items=(item,)), table))
    assert max(map(columns, text.splitlines())) <= 80


HOSTILE = ["##[", "a##[b", "::error::x", "::", "x" * 30 + "##[" * 20, "指標##[", "####[["]


def everywhere(text: str) -> Report:
    """The same words wherever a report has room for them, alone and among others."""
    many, named = words(f"{text} " * 40), words(text)
    blocks = (
        Paragraph(text=many),
        Items(items=(Item(text=named, tone=Tone.BAD, then=many),)),
        Table(
            columns=(Column(title=text), Column(title="n", number=True)),
            rows=((Cell(text=named), Cell(text=named)), (Cell(text=many), Cell(text=named))),
        ),
        Intervals(rows=(IntervalRow(label=many, low=-1, point=0, high=1, said="better"),)),
        Graph(nodes=(Node(name=text * 40, state=text),)),
    )
    section = Section(title=f"{text} " * 40, blocks=blocks, summary=named)
    return Report(key="p", verdict=Verdict.PASSED, headline=many, facts=many, sections=(section,))


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("width", [80, 61])
def test_what_keeps_ci_from_obeying_a_line_makes_it_no_wider(text: str, width: int) -> None:
    lines = terminal.render(replace(everywhere(text), judged=False), width=width).splitlines()
    assert max(map(columns, lines)) <= width
    assert not [line for line in lines if re.match(r"\s*::", line) or "##[" in line]
