"""How far a metric may lie from the truth, by resampling: of counts, of a few sums, or of whole rows."""

from collections.abc import Iterator, Sequence
from math import isfinite, sqrt

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from mlci.core.measure import bootstrap, stats
from mlci.core.measure.bootstrap import freedom, units
from mlci.core.measure.by_influence import lean
from mlci.core.measure.cells import Floats
from mlci.core.measure.metrics import Metric, OfCounts, OfRows, OfSums, is_proportion, weights
from mlci.core.measure.predictions import Predictions
from mlci.core.measure.spread import Drawn, Normal, Shares, Spread
from mlci.core.measure.steps import Steps, steps_of
from mlci.core.measure.tilted import Tilted

# A value that noise was taken off varies so much more than one that it was not, by simulation of 300 to 5,000
# rows (tests/benchmarks): without it, 5 to 8 % of overconfident models came off too well.
_CORRECTED = 1.35


class Draws(Struct, frozen=True, kw_only=True, eq=False):
    """Resampled values of one metric `[model, resample]`, and those without what noise alone adds.

    Those lie farther apart in `wide`. `steps` are what single rows or clusters add, where that is known.
    """

    plain: Floats
    quiet: Floats
    wide: Floats | None = None
    steps: Steps | None = None

    def mirrored(self) -> "Draws":
        """The draws and those of the other way round: of two that are alike there is no first one."""
        plain, quiet = (np.hstack([each, each[::-1]]) for each in (self.plain, self.quiet))
        wide = None if self.wide is None else np.hstack([self.wide, self.wide[::-1]])
        return replace(self, plain=plain, quiet=quiet, wide=wide)


def draws(models: Sequence[Predictions], metrics: Sequence[Metric]) -> dict[str, Draws]:
    """The draws of each metric that is resampled, of models on the same rows."""
    return dict(
        [
            *_of_counts(models, [each for each in metrics if isinstance(each.arithmetic, OfCounts)]),
            *_of_sums(models, metrics),
            *_of_rows(models, [each for each in metrics if isinstance(each.arithmetic, OfRows)]),
        ]
    )


def _of_counts(models: Sequence[Predictions], metrics: Sequence[Metric]) -> Iterator[tuple[str, Draws]]:
    parts: dict[str, list[Floats]] = {each.name: [] for each in metrics}
    for matrices in bootstrap.matrices(models) if metrics else ():
        for each in metrics:
            if isinstance(each.arithmetic, OfCounts):
                parts[each.name].append(each.arithmetic.compute(matrices))
    for each in metrics:
        if parts[each.name] and isinstance(each.arithmetic, OfCounts):
            drawn = np.concatenate(parts[each.name], axis=1)
            yield (
                each.name,
                Draws(plain=drawn, quiet=drawn, steps=steps_of(models, each.arithmetic.compute)),
            )


def _of_sums(models: Sequence[Predictions], metrics: Sequence[Metric]) -> Iterator[tuple[str, Draws]]:
    for each in metrics:
        if isinstance(each.arithmetic, OfSums):
            parts, compute, quiet = each.arithmetic.parts, each.arithmetic.compute, each.arithmetic.quiet
            added = [parts(one) for one in models]
            drawn = bootstrap.sums(added, models[-1].cluster)
            plain = np.stack([compute(one) for one in drawn])
            if quiet is None:
                yield each.name, Draws(plain=plain, quiet=plain)
                continue
            sums = [one.sum(axis=0) for one in added]
            calms = [quiet(one, noise.std(axis=0)) for one, noise in zip(sums, drawn, strict=True)]
            pairs = list(zip(sums, calms, drawn, strict=True))
            wider = _CORRECTED * _of_clusters(models[-1])
            # What noise adds to the value, if all the gaps are real, and if only the plain ones are.
            still = [
                compute(one) - (compute(noise - one + calm) - compute(calm)) for one, calm, noise in pairs
            ]
            yield (
                each.name,
                Draws(
                    plain=np.stack(
                        [_corrected(float(compute(one)), compute(noise), wider) for one, _, noise in pairs]
                    ),
                    quiet=np.stack(still),
                    wide=np.stack([_widened(calm, wider) for calm in still]),
                ),
            )


def _corrected(found: float, drawn: Floats, wider: float) -> Floats:
    """Draws without what noise adds on average. Less of it is taken off where luck made the value greater."""
    return 2 * found - _widened(drawn, wider)


def _widened(drawn: Floats, times: float) -> Floats:
    middle = drawn.mean()
    return np.asarray(middle + times * (drawn - middle))


def _of_clusters(one: Predictions) -> float:
    """How many times as far as draws say, by Student, as few clusters may lie."""
    many, degrees = units(one), freedom(one)
    if one.cluster is None or many < 2:
        return 1.0
    share = 1 - stats.ONE_SIDED
    return stats.student_quantile(share, degrees) / stats.normal_quantile(share) * sqrt(many / (many - 1))


def _of_rows(models: Sequence[Predictions], metrics: Sequence[Metric]) -> Iterator[tuple[str, Draws]]:
    prepared = [
        (each.arithmetic.prepare(one), weights(one))
        for each in metrics
        for one in models
        if isinstance(each.arithmetic, OfRows)
    ]
    if not prepared:
        return
    drawn = np.array(
        [[each(times * weight) for each, weight in prepared] for times in bootstrap.by_rows(models[-1])]
    )
    for each, part in zip(metrics, np.split(drawn.T, len(metrics)), strict=True):
        yield each.name, Draws(plain=part, quiet=part)


def of_value(found: float, draws: Draws, one: Predictions) -> Drawn | None:
    """The spread of one model's own resampled values; None where one of them is no number."""
    (low, *_), (high, *_) = draws.quiet, draws.plain
    return _drawn(found, np.sort(low), np.sort(high), one, draws.steps, 0.0)


def of_difference(
    middle: float, draws: Draws | None, one: Predictions, metric: Metric, keep: float
) -> Spread | None:
    """The spread of resampled differences; None where one of them is no number, or none says anything."""
    if draws is None:
        return None
    base, head = draws.plain
    ways = [
        (np.sort(calm_head - keep * base), np.sort(head - keep * calm_base))
        for calm_base, calm_head in (draws.quiet, draws.quiet if draws.wide is None else draws.wide)
    ]
    # Widened alike, what both models have in common would cancel out where it is not known to.
    lows = np.minimum(ways[0][0], ways[1][0])
    highs = np.maximum(ways[0][1], ways[1][1])
    found = _drawn(middle, lows, highs, one, draws.steps, keep)
    if found is not None and not found.error:
        # Whole clusters of which none was decided otherwise, although the models are not the same.
        return Shares(more=0, fewer=0, rows=units(one)) if is_proportion(metric) else None
    return found


def _drawn(
    middle: float, lows: Floats, highs: Floats, one: Predictions, steps: Steps | None, keep: float
) -> Drawn | None:
    if not (np.isfinite(lows).all() and np.isfinite(highs).all()):
        return None
    found = Drawn(value=middle, lows=lows, highs=highs)
    away = None if steps is None else steps.of(keep)
    if not found.error:
        return found
    if one.cluster is not None:
        return replace(found, least=_of_few_clusters(middle, found.error, away, one))
    if steps is None or away is None or not away.any():
        return found
    return replace(found, least=Tilted(value=middle, error=found.error, steps=away, times=steps.times))


def _of_few_clusters(middle: float, error: float, away: Floats | None, one: Predictions) -> Normal:
    """By Student, by the greater of what draws and leaving out say, and by how lopsided clusters are."""
    many = units(one)
    error *= sqrt(many / (many - 1))
    left_out = 0.0 if away is None else sqrt(float(away @ away) * (many - 1) / many)
    return Normal(
        value=middle,
        error=max(error, left_out),
        freedom=freedom(one),
        lean=(0.0, 0.0) if away is None else lean(away),
    )


def of_steps(middle: float, models: Sequence[Predictions], metric: Metric, keep: float) -> Tilted | None:
    """By single rows alone, as a score test has it."""
    if not isinstance(metric.arithmetic, OfCounts) or not isfinite(middle):
        return None
    steps = steps_of(models, metric.arithmetic.compute)
    away = None if steps is None else steps.of(keep)
    if steps is None or away is None or not away.any():
        return None
    return Tilted(value=middle, error=sqrt(float(steps.times @ away**2)), steps=away, times=steps.times)
