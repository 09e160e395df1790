"""A report as one self-contained HTML page: no script, no request, light and dark."""

import re
from functools import cache

from jinja2 import Environment, StrictUndefined, Template
from msgspec import Struct

from mlci.core.printable import clean
from mlci.core.report import (
    Block,
    Graph,
    IntervalRow,
    Intervals,
    Items,
    Node,
    Page,
    Paragraph,
    Report,
    Table,
    Text,
    plain,
)
from mlci.core.report.picture import branches, own_scales, scales
from mlci.core.wording import number

PLOT_WIDTH = 480
_SIGNED = re.compile("([≥≤±]) ")


class PlotRow(Struct, frozen=True, kw_only=True):
    """One interval in the plot's own coordinates."""

    label: str
    said: str
    title: str
    tone: str
    low: float
    point: float
    high: float
    margin: float | None


def render(report: Report) -> str:
    """Return the page; everything from the report is escaped by the template engine."""
    return _filled(report, report.headline, report.verdict.value if report.judged else "plain")


def page(page: Page) -> str:
    """Return a page without a verdict, likewise escaped."""
    return _filled(page, page.title, "plain")


def _filled(report: Report | Page, title: Text, tone: str) -> str:
    values = {"report": report, "title": title, "tone": tone}
    shapes = {"kind": _kind, "plot": _plot, "ends": _ends, "caption": _caption, "branches": _branches}
    page = _template().render(values, **shapes, plain=plain)
    return page.replace("##[", "##&#91;") + "\n"


@cache
def _template() -> Template:
    from importlib.resources import files

    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["flat"] = _flat
    return environment.from_string(files("mlci.render").joinpath("page.html.jinja").read_text("utf-8"))


def _flat(text: str) -> str:
    """On one line, so that none begins with a stranger's words: the page may be printed into a CI's log.

    A number stays beside the sign before it.
    """
    return _SIGNED.sub("\\1\N{NO-BREAK SPACE}", clean(text))


def _kind(block: Block) -> str:
    match block:
        case Paragraph():
            return "paragraph"
        case Items():
            return "items"
        case Table():
            return "table"
        case Intervals():
            return "intervals"
        case Graph():
            return "graph"


def _branches(block: Graph) -> list[tuple[Node, int]]:
    """The nodes as a tree, each with its depth."""
    return [(block.nodes[at], depth) for at, depth in branches([each.after for each in block.nodes])]


def _ends(block: Intervals) -> tuple[str, str]:
    """What the ends of the scale mean, and how far they are where all rows share one."""
    reach = [*scales(block).values()]
    far = f"{number(reach[0])} " if len(reach) == 1 else ""
    return f"{far}{block.ends[0]}", f"{far}{block.ends[1]}"


def _caption(block: Intervals) -> str:
    """How the plot is read."""
    accepted = any(row.margin is not None for row in block.rows)
    dashed = "; the dashed line is the accepted drop" if accepted else ""
    return f"{block.legend}; the thin line is {block.zero}{dashed}.{own_scales(block)}"


def _plot(block: Intervals) -> list[PlotRow]:
    reach = scales(block)
    return [_plot_row(row, reach[row.group]) for row in block.rows]


def _plot_row(row: IntervalRow, scale: float) -> PlotRow:
    def x(value: float) -> float:
        half = PLOT_WIDTH / 2
        return round(half + value / scale * (half - 8), 2)

    return PlotRow(
        label=plain(row.label),
        said=row.said,
        title=": ".join(filter(None, (plain(row.label), ", ".join(filter(None, (row.said, row.told)))))),
        tone=row.tone.value,
        low=x(row.low),
        point=x(row.point),
        high=x(row.high),
        margin=None if row.margin is None else x(-row.margin),
    )
