"""A report as one self-contained HTML page: no script, no request, light and dark."""

from functools import cache

from jinja2 import Environment, StrictUndefined, Template
from msgspec import Struct

from mlci.core.picture import branches
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
from mlci.core.wording import signed

PLOT_WIDTH = 480


class PlotRow(Struct, frozen=True, kw_only=True):
    """One interval in the plot's own coordinates."""

    label: str
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
    page = _template().render(values, kind=_kind, plot=_plot, axis=_axis, branches=_branches, plain=plain)
    return page.replace("##[", "##&#91;") + "\n"


@cache
def _template() -> Template:
    from importlib.resources import files

    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    # On one line, so that none begins with a stranger's words: the page may be printed into a CI's log.
    environment.filters["flat"] = clean
    return environment.from_string(files("mlci.render").joinpath("page.html.jinja").read_text("utf-8"))


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


def _scale(block: Intervals) -> float:
    return max((max(abs(row.low), abs(row.high), row.margin or 0) for row in block.rows), default=1.0) or 1.0


def _axis(block: Intervals) -> tuple[str, str]:
    """What the ends of the scale mean."""
    return signed(-_scale(block)), signed(_scale(block))


def _plot(block: Intervals) -> list[PlotRow]:
    scale = _scale(block)
    return [_plot_row(row, scale) for row in block.rows]


def _plot_row(row: IntervalRow, scale: float) -> PlotRow:
    def x(value: float) -> float:
        half = PLOT_WIDTH / 2
        return round(half + value / scale * (half - 8), 2)

    return PlotRow(
        label=plain(row.label),
        title=f"{row.point:+.4g} ({row.low:+.4g} to {row.high:+.4g})",
        tone=row.tone.value,
        low=x(row.low),
        point=x(row.point),
        high=x(row.high),
        margin=None if row.margin is None else x(-row.margin),
    )
