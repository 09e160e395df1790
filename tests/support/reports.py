"""Three reports as a reviewer would meet them: a better model, a lucky seed, a worse model."""

from mlci.core.finding import Verdict
from mlci.core.report import (
    Cell,
    Column,
    IntervalRow,
    Intervals,
    Item,
    Items,
    Report,
    Section,
    Table,
    Tone,
    code,
    words,
)

COLUMNS = (
    Column(title="objective"),
    Column(title="main", number=True),
    Column(title="this change", number=True),
    Column(title="difference (95 % interval)", number=True),
    Column(title="verdict"),
)


def row(metric: str, base: str, head: str, difference: str, verdict: str, tone: Tone) -> tuple[Cell, ...]:
    cells = (code(metric), words(base), words(head), words(difference), words(verdict))
    return (*(Cell(text=text) for text in cells[:-1]), Cell(text=cells[-1], tone=tone))


def bad(name: str = "roc_auc") -> Report:
    """The harmful pull request. `name` may be anything a repository can hold."""
    metrics = Table(
        columns=COLUMNS,
        rows=(
            row(name, "0.8431", "0.8012", "−0.0419 (−0.0478, −0.0360)", "regressed", Tone.BAD),
            row("accuracy", "0.7810", "0.7795", "−0.0015 (−0.0060, +0.0030)", "inconclusive", Tone.WARN),
        ),
    )
    picture = Intervals(
        rows=(
            IntervalRow(
                label=code(name),
                low=-0.0478,
                point=-0.0419,
                high=-0.036,
                margin=0.005,
                tone=Tone.BAD,
                said="regressed",
                told="−0.0419 (−0.0478, −0.0360)",
            ),
            IntervalRow(
                label=code("accuracy"),
                low=-0.006,
                point=-0.0015,
                high=0.003,
                margin=0.005,
                tone=Tone.WARN,
                said="inconclusive",
            ),
        )
    )
    why = Items(
        items=(
            Item(
                text=(*code(f"diff.regressed {name}"), *words(" lost more than the accepted 0.005.")),
                tone=Tone.BAD,
                then=words("Undo the change, or raise may_drop in mlci.yaml with a reason."),
            ),
        )
    )
    return Report(
        key="credit",
        verdict=Verdict.FAILED,
        headline=(*words("Do not merge: "), *code(name), *words(" regressed")),
        facts=(
            *words("8,000 rows paired by id; base "),
            *code("8d11b02"),
            *words(", head "),
            *code("3f2a9c1"),
        ),
        sections=(
            Section(title="What failed", blocks=(why,)),
            Section(title="Objectives", blocks=(metrics, picture)),
            Section(title="Gates", blocks=(why,), summary=words("4 passed, 1 failed"), folded=True),
        ),
    )
