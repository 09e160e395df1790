"""The model as others use it: `load(path)` gives an object with `predict` and `predict_proba`."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from sklearn.pipeline import Pipeline

from . import artifact
from .columns import CATEGORICAL, FEATURES
from .params import params

Rows = pl.DataFrame | Mapping[str, Sequence[Any]] | Sequence[Mapping[str, Any]]


class Model:
    """A fitted pipeline and the threshold it decides by; takes rows as a table, columns or records."""

    def __init__(self, pipeline: Pipeline, threshold: float) -> None:
        self.pipeline = pipeline
        self.threshold = threshold

    def predict(self, rows: Rows) -> np.ndarray:
        """Return 1 where the income is expected to be confirmed, else 0."""
        return (self.predict_proba(rows)[:, 1] >= self.threshold).astype(np.int8)

    def predict_proba(self, rows: Rows) -> np.ndarray:
        """Return the chances of 0 and of 1, one line a row."""
        return self.pipeline.predict_proba(_features(rows))


def load(path: str | Path) -> Model:
    """Return the model of a file; `evaluate.threshold` of `params.yaml` is what it decides by."""
    return Model(artifact.load(path), params("evaluate")["threshold"])


def _features(rows: Rows) -> pl.DataFrame:
    table = rows if isinstance(rows, pl.DataFrame) else pl.DataFrame(rows, infer_schema_length=None)
    kinds = {name: pl.String if name in CATEGORICAL else pl.Float64 for name in FEATURES}
    return table.select(pl.col(name).cast(kind) for name, kind in kinds.items())
