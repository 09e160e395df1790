"""Two models on the same rows with a known truth, and how often the verdicts are right about them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from mlci.core import metrics
from mlci.core.compare import compare
from mlci.core.config import Direction, Margin, Objective, Task
from mlci.core.diff import MetricVerdict
from mlci.core.predictions import Paired, Predictions
from mlci.core.verdicts import Measured, judge


@dataclass(frozen=True)
class World:
    """What is true: how often labels differ, and how much sensitivity head lost."""

    rows: int = 1_000
    positives: float = 0.3
    disagreement: float = 0.07
    lost: float = 0.0
    steps: int | None = None
    cluster: int = 1


@dataclass(frozen=True)
class Outcome:
    """Shares over many repetitions."""

    covered: float
    worse: float
    verdicts: Mapping[MetricVerdict | None, float]


def draw(world: World, rng: np.random.Generator) -> Paired:
    """One pair of models: a shared score, noise of each, and a loss on head's positives."""
    units = world.rows // world.cluster
    truth = (rng.random(units) < world.positives).astype(np.intp)
    shared = truth + rng.normal(0, 1, units)
    spread = world.disagreement * 2
    base, head = (shared + rng.normal(0, spread, units) for _ in range(2))
    head = head - world.lost * truth
    every = np.repeat(np.arange(units), world.cluster)
    groups = every if world.cluster > 1 else None
    return Paired(
        base=_model(world, truth, base, every, groups), head=_model(world, truth, head, every, groups)
    )


def _model(world, truth, latent, every, groups) -> Predictions:
    scores = 1 / (1 + np.exp(-(latent - 0.5)))
    if world.steps:
        scores = np.round(scores * world.steps) / world.steps
    return Predictions(
        task=Task.BINARY,
        ids=np.arange(len(every)),
        truth=truth[every],
        label=(scores >= 0.5).astype(np.intp)[every],
        classes=("0", "1"),
        scores=scores[every],
        cluster=groups,
    )


def true_difference(world: World, name: str, rows: int = 400_000) -> float:
    """The difference in the population, from a very large sample of independent rows."""
    large = World(**{**world.__dict__, "rows": rows, "cluster": 1})
    paired = draw(large, np.random.default_rng(99))
    metric = metrics.find(name, Task.BINARY)
    return metrics.value(metric, paired.head) - metrics.value(metric, paired.base)


def simulate(
    world: World, names: list[str], repetitions: int, margin: float = 0.005, tick: Callable[[], None] = int
) -> dict[str, Outcome]:
    """Repeat, and count for each metric: covered truth, interval below zero, and the verdicts."""
    chosen = [metrics.find(name, Task.BINARY) for name in names]
    truths = {name: 0.0 if not world.lost else true_difference(world, name) for name in names}
    covered, worse = dict.fromkeys(names, 0), dict.fromkeys(names, 0)
    said: dict[str, list[MetricVerdict | None]] = {name: [] for name in names}
    for repetition in range(repetitions):
        changes = compare(draw(world, np.random.default_rng([7, repetition])), chosen)
        for metric in chosen:
            change = changes[metric.name]
            higher = metric.direction is Direction.HIGHER
            covered[metric.name] += change.interval.low <= truths[metric.name] <= change.interval.high
            worse[metric.name] += change.interval.high < 0 if higher else change.interval.low > 0
            objective = Objective(metric=metric.name, may_drop=Margin(value=margin))
            measured = Measured(
                metric=metric.name,
                direction=metric.direction,
                objective=objective,
                base=change.base,
                head=change.head,
                change=change,
                n=world.rows,
            )
            said[metric.name].append(judge([measured])[0].verdict)
        tick()
    return {
        name: Outcome(
            covered=covered[name] / repetitions,
            worse=worse[name] / repetitions,
            verdicts={
                each: said[name].count(each) / repetitions for each in sorted(set(said[name]), key=str)
            },
        )
        for name in names
    }
