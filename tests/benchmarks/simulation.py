"""How often the verdicts are right, in worlds whose truth is known. Minutes; `make bench` runs it."""

from collections.abc import Iterator
from dataclasses import dataclass

from tests.core.simulation import Outcome, World, simulate

REPETITIONS = 1_000
METRICS = ["accuracy", "f1", "recall", "roc_auc", "brier"]
WORLDS = {
    "equal, 200 rows": World(rows=200),
    "equal, 1,000 rows": World(rows=1_000),
    "equal, 5,000 rows": World(rows=5_000),
    "equal, 2 % positives": World(rows=2_000, positives=0.02),
    "equal, ties": World(rows=1_000, steps=10),
    "drop, 1,000 rows": World(rows=1_000, lost=0.1),
    "drop, 5,000 rows": World(rows=5_000, lost=0.1),
    "drop, 20,000 rows": World(rows=20_000, lost=0.1),
}


@dataclass(frozen=True)
class Figure:
    """One metric in one world."""

    world: str
    metric: str
    outcome: Outcome

    def line(self) -> str:
        """The figure as one line of the report."""
        verdicts = ", ".join(
            f"{each.value if each else 'none'} {share:.3f}"
            for each, share in sorted(self.outcome.verdicts.items(), key=str)
        )
        told = f"covered {self.outcome.covered:.3f}, below zero {self.outcome.worse:.3f}; {verdicts}"
        return f"{self.world:22} {self.metric:10} {told}"


def measure() -> Iterator[Figure]:
    """Every metric in every world."""
    for name, world in WORLDS.items():
        for metric, outcome in simulate(world, METRICS, REPETITIONS).items():
            yield Figure(world=name, metric=metric, outcome=outcome)
