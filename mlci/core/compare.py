"""How much each metric changed between two models on the same rows, and how sure that is."""

from collections.abc import Mapping, Sequence
from math import isfinite, sqrt

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from mlci.core import bootstrap, stats
from mlci.core.cells import Floats
from mlci.core.config import Direction, Task
from mlci.core.finding import Interval
from mlci.core.metrics import (
    Metric,
    OfCounts,
    OfInfluence,
    OfMean,
    OfOrder,
    OfRows,
    OfSums,
    area_with_influence,
    value,
    weights,
)
from mlci.core.predictions import Codes, Paired, Predictions


class Change(Struct, frozen=True, kw_only=True, eq=False):
    """A metric's change: point values, the interval of head minus base, and its standard error.

    `draws` are the sorted resampled differences, None where a closed form was used.
    """

    base: float
    head: float
    interval: Interval | None
    head_interval: Interval | None
    error: float
    p_value: float | None
    draws: Floats | None = None

    @property
    def difference(self) -> float:
        """Head minus base."""
        return self.head - self.base

    def p_beyond(self, margin: float, direction: Direction) -> float:
        """The one-sided p-value of "worse by more than the margin"."""
        if self.draws is not None:
            return _share_beyond(self.draws, margin, direction)
        distance = self.difference + margin if direction is Direction.HIGHER else margin - self.difference
        if not self.error:
            return 0.0 if distance < 0 else 1.0
        return 1 - stats.normal_tail(distance / self.error)


def _share_beyond(draws: Floats, margin: float, direction: Direction) -> float:
    within = draws >= -margin if direction is Direction.HIGHER else draws <= margin
    return float(np.count_nonzero(within) + 1) / (len(draws) + 1)


def compare(paired: Paired, metrics: Sequence[Metric]) -> Mapping[str, Change]:
    """The change of each metric, by name. Equal rows give equal results, whatever their order was."""
    alone = paired.head.cluster is None
    closed = [each for each in metrics if isinstance(each.arithmetic, OfMean | OfOrder | OfInfluence)]
    counts = [each for each in metrics if isinstance(each.arithmetic, OfCounts)]
    sums = [each for each in metrics if isinstance(each.arithmetic, OfSums)]
    rows = [each for each in metrics if isinstance(each.arithmetic, OfRows)]
    draws = _cell_draws(paired, counts) if alone else _clustered_draws(paired, counts)
    draws |= _sum_draws(paired, sums) | _row_draws(paired, rows)
    changes = {each.name: _closed_form(paired, each) for each in closed}
    return changes | {
        each.name: _resampled(paired, each, draws[each.name]) for each in (*counts, *sums, *rows)
    }


def units(one: Predictions) -> int:
    """How many independent things the rows are: clusters where they are declared, else rows."""
    return len(one) if one.cluster is None else len(np.unique(one.cluster))


class _Draws(Struct, frozen=True, kw_only=True, eq=False):
    """Resampled values of one metric."""

    base: Floats
    head: Floats


def _cell_draws(paired: Paired, metrics: Sequence[Metric]) -> dict[str, _Draws]:
    parts: dict[str, list[tuple[Floats, Floats]]] = {each.name: [] for each in metrics}
    if not metrics:
        return {}
    for matrices in bootstrap.by_cells(paired):
        for each in metrics:
            if isinstance(each.arithmetic, OfCounts):
                compute = each.arithmetic.compute
                parts[each.name].append((compute(matrices.base), compute(matrices.head)))
    return {
        name: _Draws(
            base=np.concatenate([one for one, _ in part]), head=np.concatenate([two for _, two in part])
        )
        for name, part in parts.items()
    }


def _clustered_draws(paired: Paired, metrics: Sequence[Metric]) -> dict[str, _Draws]:
    """Of counts in clusters: what each row adds to the confusion matrix, summed over whole clusters."""
    if not metrics:
        return {}
    classes = len(paired.head.classes)
    before, now = _one_cell(paired.base, classes), _one_cell(paired.head, classes)
    drawn = bootstrap.by_sums(before, now, paired.head.cluster)
    # The limit of many clusters may fall short of zero in a cell that is nearly empty.
    base, head = (np.maximum(0.0, each).reshape(-1, classes, classes) for each in drawn)
    return {
        each.name: _Draws(base=each.arithmetic.compute(base), head=each.arithmetic.compute(head))
        for each in metrics
        if isinstance(each.arithmetic, OfCounts)
    }


def _one_cell(one: Predictions, classes: int) -> Floats:
    parts = np.zeros((len(one), classes * classes))
    parts[np.arange(len(one)), one.truth * classes + one.label] = weights(one)
    return parts


def _sum_draws(paired: Paired, metrics: Sequence[Metric]) -> dict[str, _Draws]:
    found = {}
    for each in metrics:
        if isinstance(each.arithmetic, OfSums):
            parts, compute = each.arithmetic.parts, each.arithmetic.compute
            base, head = bootstrap.by_sums(parts(paired.base), parts(paired.head), paired.head.cluster)
            found[each.name] = _Draws(base=compute(base), head=compute(head))
    return found


def _row_draws(paired: Paired, metrics: Sequence[Metric]) -> dict[str, _Draws]:
    prepared = [
        each.arithmetic.prepare(one)
        for each in metrics
        for one in (paired.base, paired.head)
        if isinstance(each.arithmetic, OfRows)
    ]
    if not prepared:
        return {}
    drawn = np.array([[each(weight) for each in prepared] for weight in bootstrap.by_rows(paired)])
    return {
        each.name: _Draws(base=drawn[:, 2 * at], head=drawn[:, 2 * at + 1]) for at, each in enumerate(metrics)
    }


def _resampled(paired: Paired, metric: Metric, draws: _Draws) -> Change:
    differences = np.sort(draws.head - draws.base)
    base, head = value(metric, paired.base), value(metric, paired.head)
    return Change(
        base=base,
        head=head,
        interval=_percentiles(differences),
        head_interval=_exact_interval(paired.head, metric, head) or _percentiles(draws.head),
        error=float(differences.std()),
        p_value=_p_value(paired, metric, differences),
        draws=differences,
    )


def _percentiles(draws: Floats) -> Interval:
    low, high = np.quantile(draws, (stats.ONE_SIDED, 1 - stats.ONE_SIDED))
    return Interval(low=float(low), high=float(high), level=stats.LEVEL)


def _p_value(paired: Paired, metric: Metric, differences: Floats) -> float:
    exact = _exact_p(paired, metric)
    return _two_sided(differences) if exact is None else exact


def _two_sided(differences: Floats) -> float:
    below, above = np.count_nonzero(differences <= 0), np.count_nonzero(differences >= 0)
    return min(1.0, 2 * (int(min(below, above)) + 1) / (len(differences) + 1))


def _denominator(one: Predictions, metric: Metric) -> npt.NDArray[np.bool_] | None:
    """The rows that a plain proportion of unweighted, independent rows is taken of."""
    arithmetic = metric.arithmetic
    if one.weight is not None or one.cluster is not None:
        return None
    if not isinstance(arithmetic, OfCounts) or not arithmetic.proportion:
        return None
    if arithmetic.among is None:
        return np.ones(len(one), dtype=np.bool_)
    return np.asarray(one.truth == int(arithmetic.among))


def _exact_interval(one: Predictions, metric: Metric, share: float) -> Interval | None:
    rows = _denominator(one, metric)
    total = 0 if rows is None else int(np.count_nonzero(rows))
    return stats.wilson(share * total, total) if total else None


def _exact_p(paired: Paired, metric: Metric) -> float | None:
    rows = _denominator(paired.head, metric)
    if rows is None:
        return None
    base, head = paired.base.label == paired.base.truth, paired.head.label == paired.head.truth
    only_base = int(np.count_nonzero(rows & base & ~head))
    return stats.mcnemar_midp(only_base, int(np.count_nonzero(rows & head & ~base)))


def _closed_form(paired: Paired, metric: Metric) -> Change:
    base, base_influence = _influence(paired.base, metric)
    head, head_influence = _influence(paired.head, metric)
    strata = _strata(paired.head, metric)
    error = _error(head_influence - base_influence, strata, paired.head.cluster)
    head_error = _error(head_influence, strata, paired.head.cluster)
    reach = _reach(paired.head, metric)
    known = isfinite(error) and isfinite(head - base)
    return Change(
        base=base,
        head=head,
        interval=_around(head - base, reach * error) if known else None,
        head_interval=_around(head, reach * head_error) if isfinite(head_error) else None,
        error=error if known else 0.0,
        p_value=_normal_p(head - base, error) if known else None,
    )


def _influence(one: Predictions, metric: Metric) -> tuple[float, Floats]:
    if isinstance(metric.arithmetic, OfMean):
        loss, weight = metric.arithmetic.loss(one), weights(one)
        mean = float((weight * loss).sum() / weight.sum())
        return mean, np.asarray(weight * (loss - mean) / weight.sum())
    if isinstance(metric.arithmetic, OfInfluence):
        return metric.arithmetic.compute(one)
    return area_with_influence(one)


def _strata(one: Predictions, metric: Metric) -> Codes:
    """DeLong takes the variances of positives and negatives apart; a mean knows no strata."""
    if isinstance(metric.arithmetic, OfOrder) and one.task is Task.BINARY:
        return np.asarray(one.truth)
    return np.zeros(len(one), dtype=np.intp)


def _error(influence: Floats, strata: Codes, cluster: Codes | None) -> float:
    if cluster is not None:
        held = np.unique(cluster, return_inverse=True)[1]
        influence = np.bincount(held, weights=influence).astype(np.float64)
        strata = np.zeros(len(influence), dtype=np.intp)
    rows = np.bincount(strata)
    if rows.min() < 2:
        return float("nan")
    return sqrt(float((np.bincount(strata, weights=influence**2) * rows / (rows - 1)).sum()))


def _reach(one: Predictions, metric: Metric) -> float:
    share, freedom = 1 - stats.ONE_SIDED, units(one) - 1
    if freedom < 1 or (isinstance(metric.arithmetic, OfOrder) and one.cluster is None):
        return stats.normal_quantile(share)
    return stats.student_quantile(share, freedom)


def _around(centre: float, reach: float) -> Interval:
    return Interval(low=centre - reach, high=centre + reach, level=stats.LEVEL)


def _normal_p(difference: float, error: float) -> float:
    if not error:
        return 1.0 if not difference else 0.0
    return min(1.0, 2 * stats.normal_tail(abs(difference) / error))
