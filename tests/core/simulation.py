"""Two models on the same rows with a known truth, and how often the verdicts are right about them."""

from collections.abc import Callable, Mapping, Sequence
from statistics import NormalDist

import numpy as np
import numpy.typing as npt
from msgspec import Struct
from msgspec.structs import replace

from mlci.core.config import Direction, Margin, Objective, Task
from mlci.core.diff import MetricVerdict
from mlci.core.measure import metrics
from mlci.core.measure.compare import Change, compare
from mlci.core.measure.enough import enough
from mlci.core.measure.metrics import Metric
from mlci.core.measure.predictions import Codes, Paired, Predictions
from mlci.core.measure.verdicts import Measured, judge

Numbers = npt.NDArray[np.float64]

CLASSES = ("ash", "elm", "fir", "oak")
LARGE, LARGEST = 200_000, 2_000_000


class World(Struct, frozen=True, kw_only=True):
    """What is true: how much skill there is, how often models differ, and how much skill head lost.

    `rare` is the share of the first class (of the positives, in a binary world); rows of a cluster are alike.
    Models with `lapses` say the same but for the share of rows that head alone gets wrong. Where head is
    `boastful`, base's scores are true probabilities, and head's are so many times as far from even odds.
    Rows of a cluster are copies, or as `alike` as their correlation says. `mute` models write no scores.
    """

    task: Task = Task.BINARY
    rows: int = 1_000
    rare: float = 0.3
    skill: float = 1.0
    disagreement: float = 0.07
    lost: float = 0.0
    lapses: float = 0.0
    boastful: float = 1.0
    steps: int | None = None
    cluster: int = 1
    alike: float | None = None
    mute: bool = False
    weighted: bool = False

    @property
    def equal(self) -> bool:
        """Whether head is as good as base."""
        return not self.lost and not self.lapses and self.boastful == 1


class Outcome(Struct, frozen=True, kw_only=True):
    """Shares over many repetitions; `flattered` is how often the whole interval is better than the truth.

    `forgiven` is how often a loss of just the share of base that may be lost is said to be within it. Where
    rows are too few, or nothing is claimed, no claim is wrong.
    """

    covered: float
    flattered: float
    worse: float
    forgiven: float
    verdicts: Mapping[MetricVerdict | None, float]


def draw(world: World, rng: np.random.Generator) -> Paired:
    """One pair of models that share most of what they know; head may have lost some of it."""
    copies = 1 if world.alike is not None else world.cluster
    units = world.rows // copies
    base, head = _DRAWN[world.task](world, rng, units)
    every = np.repeat(np.arange(units), copies)
    cluster = None if world.cluster == 1 else np.arange(len(every)) // world.cluster
    weight = rng.uniform(0.2, 3, len(every)) if world.weighted else None
    base, head = (
        replace(
            one.take(every),
            ids=np.arange(len(every)),
            cluster=cluster,
            weight=weight,
            scores=None if world.mute else one.take(every).scores,
        )
        for one in (base, head)
    )
    return Paired(base=base, head=head)


def _normal(world: World, rng: np.random.Generator, units: int) -> Numbers:
    """Normal numbers, alike within a cluster where rows of it are."""
    each = rng.normal(0, 1, units)
    if world.alike is None:
        return each
    shared = rng.normal(0, 1, -(-units // world.cluster))[np.arange(units) // world.cluster]
    return np.sqrt(world.alike) * shared + np.sqrt(1 - world.alike) * each


def _binary(world: World, rng: np.random.Generator, units: int) -> tuple[Predictions, Predictions]:
    if world.boastful > 1:
        return _boasting(world, rng, units)
    if world.alike is None:
        truth = (rng.random(units) < world.rare).astype(np.intp)
    else:
        truth = (_normal(world, rng, units) < NormalDist().inv_cdf(world.rare)).astype(np.intp)
    if world.lapses:
        return _lapsing(world, truth, rng)
    shared = world.skill * truth + _normal(world, rng, units)
    base, head = (shared + rng.normal(0, 2 * world.disagreement, units) for _ in range(2))
    return _scored(world, truth, base), _scored(world, truth, head - world.lost * truth)


def _lapsing(world: World, truth: Codes, rng: np.random.Generator) -> tuple[Predictions, Predictions]:
    wrong, lapse = (rng.random(len(truth)) < share for share in (0.1, world.lapses))
    right = 3.0 * (truth ^ wrong) - 1.0
    noise = rng.normal(0, 0.01, len(truth))
    return _scored(world, truth, right), _scored(
        world, truth, np.where(lapse & ~wrong, 1 - right, right) + noise
    )


def _boasting(world: World, rng: np.random.Generator, units: int) -> tuple[Predictions, Predictions]:
    shares = rng.uniform(0.02, 0.98, units)
    odds, truth = np.log(shares / (1 - shares)), (rng.random(units) < shares).astype(np.intp)
    return _scored(world, truth, odds + 0.5), _scored(world, truth, world.boastful * odds + 0.5)


def _scored(world: World, truth: Codes, latent: Numbers) -> Predictions:
    scores = _stepped(world, 1 / (1 + np.exp(-(latent - 0.5))))
    return Predictions(
        task=Task.BINARY,
        ids=np.arange(len(truth)),
        truth=truth,
        label=(scores >= 0.5).astype(np.intp),
        classes=("0", "1"),
        scores=scores,
    )


def _multiclass(world: World, rng: np.random.Generator, units: int) -> tuple[Predictions, Predictions]:
    others = (1 - world.rare) / (len(CLASSES) - 1)
    truth = rng.choice(len(CLASSES), units, p=[world.rare] + [others] * (len(CLASSES) - 1))
    known = np.eye(len(CLASSES))[truth]
    shared = 1.5 * known + rng.normal(0, 1, known.shape)
    base, head = (shared + rng.normal(0, 2 * world.disagreement, known.shape) for _ in range(2))
    return _chosen(world, truth, base), _chosen(world, truth, head - world.lost * known)


def _chosen(world: World, truth: Codes, latent: Numbers) -> Predictions:
    shares = np.exp(latent)
    return Predictions(
        task=Task.MULTICLASS,
        ids=np.arange(len(truth)),
        truth=truth,
        label=latent.argmax(axis=1),
        classes=CLASSES,
        scores=_stepped(world, shares / shares.sum(axis=1, keepdims=True)),
    )


def _stepped(world: World, scores: Numbers) -> Numbers:
    return np.round(scores * world.steps) / world.steps if world.steps else scores


def _regression(world: World, rng: np.random.Generator, units: int) -> tuple[Predictions, Predictions]:
    """Errors of heavy tails, half of them shared."""
    truth, shared = rng.normal(size=units), rng.standard_t(6, units)
    base, head = (0.5 * shared + 0.3 * rng.normal(size=units) for _ in range(2))
    return _said(truth, base), _said(truth, head * (1 + world.lost))


def _said(truth: Numbers, error: Numbers) -> Predictions:
    return Predictions(task=Task.REGRESSION, ids=np.arange(len(truth)), truth=truth, label=truth + error)


_DRAWN = {Task.BINARY: _binary, Task.MULTICLASS: _multiclass, Task.REGRESSION: _regression}


def true_values(
    world: World, chosen: Sequence[Metric], repetitions: int = 25
) -> Mapping[str, tuple[float, float]]:
    """Base's and head's values in the population, from four times as many rows as are drawn, all independent.

    Of as many as once the truth would itself be as far off as the mean of all repetitions is; and in many
    samples, what noise makes greater would be greater in each.
    """
    rows = max(LARGE, 4 * repetitions * world.rows)
    large = replace(world, rows=min(rows, LARGEST), cluster=1)
    samples = -(-rows // LARGEST)
    sums = np.zeros((2, len(chosen)))
    for at in range(samples):
        pair = draw(large, np.random.default_rng([99, at]))
        sums += [[metrics.value(each, one) for each in chosen] for one in (pair.base, pair.head)]
    found = {each.name: tuple(map(float, sums[:, at] / samples)) for at, each in enumerate(chosen)}
    # What is equal by its making is not made unequal by a sample.
    return {name: (base, base if world.equal else head) for name, (base, head) in found.items()}


class _Seen(Struct, frozen=True, kw_only=True, eq=False):
    change: Change
    enough: bool


def simulate(
    world: World,
    names: Sequence[str],
    repetitions: int,
    margin: float = 0.005,
    tick: Callable[[], None] = int,
) -> dict[str, Outcome]:
    """Repeat, and count for each metric: covered truth, intervals that say "worse", and the verdicts."""
    chosen = [metrics.find(name, world.task) for name in names]
    truths = true_values(world, chosen, repetitions)
    seen: dict[str, list[_Seen]] = {each.name: [] for each in chosen}
    for repetition in range(repetitions):
        paired = draw(world, np.random.default_rng([7, repetition]))
        changes = compare(paired, chosen)
        for each in chosen:
            seen[each.name].append(_Seen(change=changes[each.name], enough=enough(each, paired.base)))
        tick()
    return {each.name: _outcome(each, seen[each.name], truths[each.name], margin) for each in chosen}


def _outcome(metric: Metric, seen: Sequence[_Seen], true: tuple[float, float], margin: float) -> Outcome:
    said = [_verdict(metric, each, margin) for each in seen]
    truth = true[1] - true[0]
    limits = [each.change.interval for each in seen if each.change.interval is not None and each.enough]
    higher = metric.direction is Direction.HIGHER
    # Where no interval is claimed, none is wrong.
    unknown = len(seen) - len(limits)
    return Outcome(
        covered=(sum(each.low <= truth <= each.high for each in limits) + unknown) / len(seen),
        flattered=sum((each.low > truth) if higher else (each.high < truth) for each in limits) / len(seen),
        worse=sum((each.high < 0) if higher else (each.low > 0) for each in limits) / len(seen),
        forgiven=sum(_forgives(metric, each, true) for each in seen) / len(seen),
        verdicts={each: said.count(each) / len(said) for each in sorted(set(said), key=str)},
    )


def _forgives(metric: Metric, seen: _Seen, true: tuple[float, float]) -> bool:
    """Whether head is said to keep more of base than it does, where it lost less than all of it."""
    base, head = true
    if not 0 < abs(head - base) < abs(base) or seen.change.beside is None or not seen.enough:
        return False
    known = seen.change.beside(head / base)
    if known is None:
        return False
    limits = known.interval()
    return limits.low > 0 if metric.direction is Direction.HIGHER else limits.high < 0


def _verdict(metric: Metric, seen: _Seen, margin: float) -> MetricVerdict | None:
    change = seen.change
    objective = Objective(metric=metric.name, may_drop=Margin(value=margin))
    measured = Measured(
        metric=metric.name,
        direction=metric.direction,
        objective=objective,
        base=change.base,
        head=change.head,
        change=change,
        enough=seen.enough,
    )
    return judge([measured])[0].verdict
