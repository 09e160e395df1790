"""The bias cube against fairlearn, and the data suite against Polars written by hand."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import polars as pl
from fairlearn.metrics import MetricFrame, false_positive_rate, selection_rate, true_positive_rate

from mlci.adapters.tables import PolarsTables
from mlci.gates.bias.cube import Cube
from mlci.gates.bias.measures import MEASURES
from mlci.gates.data.contract import Contract, Kind, Rule
from mlci.gates.data.measure import measure as measured
from mlci.gates.subjects import Attribute
from tests.benchmarks.harness import Comparison, compare

PEOPLE = 200_000
ROWS = 3_000_000


def measure() -> Iterator[Comparison]:
    """Group rates of three attributes together, then twelve checks of ten columns."""
    yield _bias()
    yield _data()


def _bias() -> Comparison:
    rng = np.random.default_rng(1)
    truth, label = (rng.integers(0, 2, PEOPLE) for _ in range(2))
    sizes = {"sex": 2, "race": 5, "age": 4}
    codes = {name: rng.integers(0, size, PEOPLE) for name, size in sizes.items()}
    attributes = [
        Attribute(name=name, codes=codes[name], groups=tuple(map(str, range(size))))
        for name, size in sizes.items()
    ]
    features = np.column_stack(list(codes.values()))
    functions = {"tpr": true_positive_rate, "fpr": false_positive_rate, "selection": selection_rate}

    def ours() -> object:
        groups = Cube.of(attributes, truth, label).groups(list(sizes))
        return [one.rate(cells).value for one in MEASURES for cells in groups.values()]

    def theirs() -> object:
        frame = MetricFrame(metrics=functions, y_true=truth, y_pred=label, sensitive_features=features)
        return frame.by_group

    return compare("bias cube, 40 groups", ours, "fairlearn", theirs, at_most=0.01, rounds=3)


def _data() -> Comparison:
    with tempfile.TemporaryDirectory() as directory:
        place = Path(directory)
        _table().write_parquet(place / "t.parquet")
        tables = PolarsTables(root=place)
        numbers = {f"x{at}": Rule(kind=Kind.NUMBER, missing=0.5, at_least=-9, at_most=9) for at in range(7)}
        words = {"region": Rule(kind=Kind.TEXT, allowed=("a", "b", "c"))}
        contract = Contract(columns={"id": Rule(kind=Kind.INTEGER, unique=True), **numbers, **words})
        return compare(
            "data suite, 3M rows",
            lambda: measured(tables, "t.parquet", contract),
            "Polars by hand",
            lambda: _by_hand(place / "t.parquet", list(numbers)),
            at_most=1.3,
            rounds=7,
        )


def _table() -> pl.DataFrame:
    rng = np.random.default_rng(2)
    numbers = {f"x{at}": rng.normal(size=ROWS) for at in range(7)}
    return pl.DataFrame({"id": np.arange(ROWS), **numbers, "region": rng.choice(["a", "b", "c"], ROWS)})


def _by_hand(path: Path, numbers: list[str]) -> object:
    frame = pl.scan_parquet(path)
    missing = [(pl.col(name).is_null() | pl.col(name).is_nan()) for name in numbers]
    outside = [~pl.col(name).is_between(-9, 9) for name in numbers]
    asked = [
        pl.len().alias("rows"),
        pl.col("id").null_count().alias("id"),
        *(each.sum().alias(f"missing{at}") for at, each in enumerate(missing)),
        *(each.sum().alias(f"outside{at}") for at, each in enumerate(outside)),
        pl.col("region").null_count(),
        (~pl.col("region").is_in(["a", "b", "c"])).sum().alias("strange"),
    ]
    return pl.collect_all([frame.select(asked), frame.select("id").unique().select(pl.len())])
