"""How often the verdicts are right, in worlds whose truth is known. Half an hour; `make bench` runs it."""

import os
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from math import sqrt

from mlci.core.config import Task
from mlci.core.measure.stats import LEVEL, ONE_SIDED
from tests.core.simulation import Outcome, World, simulate

REPETITIONS = 1_000


def allowed(share: float, repetitions: int) -> float:
    """A share that is promised, and three standard errors of a simulation of it."""
    return share + 3 * sqrt(share * (1 - share) / repetitions)


_METRICS = {
    Task.BINARY: ["accuracy", "f1", "precision", "recall", "roc_auc", "pr_auc", "brier", "ece"],
    Task.MULTICLASS: ["accuracy", "f1_macro", "roc_auc", "log_loss", "ece"],
    Task.REGRESSION: ["mae", "rmse", "r2"],
}
_OF_LABELS = ["accuracy", "f1", "precision", "recall", "balanced_accuracy", "mcc"]
_CLASSES, _NUMBERS = Task.MULTICLASS, Task.REGRESSION
WORLDS = {
    "equal, a group of 60": World(rows=60, rare=0.5),
    "equal, 200 rows": World(rows=200),
    "equal, 1,000 rows": World(),
    "equal, 5,000 rows": World(rows=5_000),
    "equal, 2 % positives": World(rows=2_000, rare=0.02),
    "equal, ties": World(steps=10),
    "equal, weighted": World(weighted=True),
    "equal, clusters of 5": World(rows=1_500, cluster=5),
    "equal, 30 clusters of 10": World(rows=300, rare=0.5, cluster=10, disagreement=0.2),
    "equal, 40 mixed clusters": World(rows=800, cluster=20, alike=0.3, disagreement=0.2),
    "equal, AUC near 1": World(rows=330, rare=0.1, skill=5, disagreement=0.5),
    "labels, 2 % of 100 rows": World(rows=100, rare=0.5, lapses=0.02, mute=True),
    "labels, 1 % of 300": World(rows=300, lapses=0.01, mute=True),
    "labels, weighted": World(rows=300, lapses=0.01, mute=True, weighted=True),
    "lapses, 2 % of 100 rows": World(rows=100, rare=0.5, lapses=0.02),
    "lapses, 0.4 % of 1,000": World(rows=1_000, rare=0.5, lapses=0.004),
    "drop, AUC near 1": World(rows=330, rare=0.1, skill=5, lost=0.8, disagreement=0.5),
    "drop, clusters of 5": World(rows=1_500, cluster=5, lost=0.3),
    "drop, 30 clusters of 10": World(rows=300, rare=0.5, cluster=10, lost=0.5, disagreement=0.2),
    "drop, 40 mixed clusters": World(rows=800, rare=0.5, cluster=20, alike=0.3, lost=0.5),
    "drop, 40 positives": World(rows=1_000, rare=0.04, lost=0.3),
    "drop, 40 plain positives": World(rows=1_000, rare=0.04, skill=4, lost=1.0),
    "head boasts": World(rows=1_000, boastful=1.6),
    "head boasts, 300 rows": World(rows=300, boastful=1.6),
    "drop, weighted": World(lost=0.3, weighted=True),
    "drop, 1,000 rows": World(lost=0.1),
    "drop, 5,000 rows": World(rows=5_000, lost=0.1),
    "drop, 20,000 rows": World(rows=20_000, lost=0.1),
    "4 classes, equal": World(task=_CLASSES, rare=0.25),
    "4 classes, one of 3 %": World(task=_CLASSES, rows=1_500, rare=0.03),
    "4 classes, clusters of 5": World(task=_CLASSES, rows=1_500, cluster=5),
    "4 classes, drop": World(task=_CLASSES, rows=5_000, lost=0.1),
    "numbers, 100 rows": World(task=_NUMBERS, rows=100),
    "numbers, 1,000 rows": World(task=_NUMBERS),
    "numbers, weighted": World(task=_NUMBERS, rows=300, weighted=True),
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
    repetitions: int

    @property
    def kept(self) -> bool:
        """Whether all is as promised, as far as so many repetitions can tell."""
        found, rare = self.outcome, allowed(ONE_SIDED, self.repetitions)
        alarmed = self.equal and found.worse > rare
        missed = 1 - found.covered > allowed(1 - LEVEL, self.repetitions)
        return not (missed or alarmed or found.flattered > rare or found.forgiven > rare)

    def line(self) -> str:
        """The figure as one line of the report; a star where it is not what was promised."""
        verdicts = ", ".join(
            f"{each.value if each else 'none'} {share:.3f}"
            for each, share in sorted(self.outcome.verdicts.items(), key=str)
        )
        found = self.outcome
        told = f"covered {found.covered:.3f}, flattered {found.flattered:.3f}, worse {found.worse:.3f}"
        told += f", forgiven {found.forgiven:.3f}; {verdicts}"
        return f"{' ' if self.kept else '*'} {self.world:24} {self.metric:17} {told}"


def measure(repetitions: int = REPETITIONS) -> Iterator[Figure]:
    """Every metric in every world, as many worlds at a time as there are cores."""
    with ProcessPoolExecutor(max_workers=os.cpu_count()) as workers:
        running = {name: workers.submit(_of_world, world, repetitions) for name, world in WORLDS.items()}
        for name, found in running.items():
            for metric, outcome in found.result().items():
                yield Figure(
                    world=name,
                    metric=metric,
                    outcome=outcome,
                    equal=WORLDS[name].equal,
                    repetitions=repetitions,
                )


def _of_world(world: World, repetitions: int) -> dict[str, Outcome]:
    return simulate(world, _OF_LABELS if world.mute else _METRICS[world.task], repetitions)
