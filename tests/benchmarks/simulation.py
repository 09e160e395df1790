"""How often the verdicts are right, in worlds whose truth is known. Minutes; `make bench` runs it."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import sqrt

from mlci.core.config import Task
from tests.core.simulation import Outcome, World, simulate

REPETITIONS = 1_000
# What three standard errors of the simulation still allow.
COVERED = 0.95 - 3 * sqrt(0.95 * 0.05 / REPETITIONS)
ACCUSED = 0.025 + 3 * sqrt(0.025 * 0.975 / REPETITIONS)
FLATTERED = ACCUSED

_METRICS = {
    Task.BINARY: ["accuracy", "f1", "recall", "roc_auc", "pr_auc", "brier", "ece"],
    Task.MULTICLASS: ["accuracy", "f1_macro", "roc_auc", "log_loss", "ece"],
    Task.REGRESSION: ["mae", "rmse", "r2"],
}
_CLASSES, _NUMBERS = Task.MULTICLASS, Task.REGRESSION
WORLDS = {
    "equal, a group of 60": World(rows=60, rare=0.5),
    "equal, 200 rows": World(rows=200),
    "equal, 1,000 rows": World(),
    "equal, 5,000 rows": World(rows=5_000),
    "equal, 2 % positives": World(rows=2_000, rare=0.02),
    "equal, ties": World(steps=10),
    "equal, clusters of 5": World(rows=1_500, cluster=5),
    "equal, 30 clusters of 10": World(rows=300, rare=0.5, cluster=10, disagreement=0.2),
    "equal, AUC near 1": World(rows=330, rare=0.1, skill=5, disagreement=0.5),
    "lapses, 2 % of 100 rows": World(rows=100, rare=0.5, lapses=0.02),
    "lapses, 0.4 % of 1,000": World(rows=1_000, rare=0.5, lapses=0.004),
    "drop, AUC near 1": World(rows=330, rare=0.1, skill=5, lost=0.8, disagreement=0.5),
    "drop, 30 clusters of 10": World(rows=300, rare=0.5, cluster=10, lost=0.5, disagreement=0.2),
    "drop, 40 positives": World(rows=1_000, rare=0.04, lost=0.3),
    "head boasts": World(rows=1_000, boastful=1.6),
    "drop, 1,000 rows": World(lost=0.1),
    "drop, 5,000 rows": World(rows=5_000, lost=0.1),
    "drop, 20,000 rows": World(rows=20_000, lost=0.1),
    "4 classes, equal": World(task=_CLASSES, rare=0.25),
    "4 classes, one of 3 %": World(task=_CLASSES, rows=1_500, rare=0.03),
    "4 classes, clusters of 5": World(task=_CLASSES, rows=1_500, cluster=5),
    "4 classes, drop": World(task=_CLASSES, rows=5_000, lost=0.1),
    "numbers, 100 rows": World(task=_NUMBERS, rows=100),
    "numbers, 1,000 rows": World(task=_NUMBERS),
    "numbers, clusters of 5": World(task=_NUMBERS, rows=1_500, cluster=5),
    "numbers, drop": World(task=_NUMBERS, rows=5_000, lost=0.05),
}


@dataclass(frozen=True)
class Figure:
    """One metric in one world."""

    world: str
    metric: str
    outcome: Outcome
    equal: bool

    def line(self) -> str:
        """The figure as one line of the report; a star where it is not what was promised."""
        verdicts = ", ".join(
            f"{each.value if each else 'none'} {share:.3f}"
            for each, share in sorted(self.outcome.verdicts.items(), key=str)
        )
        outcome = self.outcome
        off = outcome.covered < COVERED or outcome.flattered > FLATTERED
        off = off or (self.equal and outcome.worse > ACCUSED)
        told = f"covered {outcome.covered:.3f}, flattered {outcome.flattered:.3f}, worse {outcome.worse:.3f}"
        told += f"; {verdicts}"
        return f"{'*' if off else ' '} {self.world:24} {self.metric:9} {told}"


def measure() -> Iterator[Figure]:
    """Every metric in every world."""
    for name, world in WORLDS.items():
        for metric, outcome in simulate(world, _METRICS[world.task], REPETITIONS).items():
            yield Figure(world=name, metric=metric, outcome=outcome, equal=world.equal)
