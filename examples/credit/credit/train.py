"""Fit the model: `python -m credit.train`."""

from typing import Any

import polars as pl
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder
from threadpoolctl import threadpool_limits

from .artifact import save
from .columns import CATEGORICAL, FEATURES, NUMERIC, TARGET
from .params import params
from .prepare import TRAIN


def train(rows: pl.DataFrame, *, seed: int, **settings: Any) -> Pipeline:
    """Return a fitted pipeline that takes raw feature columns, missing values included.

    One thread: the model remembers how many there were, and equal models should be equal bytes anywhere.
    """
    one_hot = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    columns = make_column_transformer((one_hot, list(CATEGORICAL)), ("passthrough", list(NUMERIC)))
    booster = HistGradientBoostingClassifier(early_stopping=False, random_state=seed, **settings)
    with threadpool_limits(1):
        return make_pipeline(columns, booster).fit(rows.select(FEATURES), rows[TARGET].to_numpy())


if __name__ == "__main__":
    save(train(pl.read_parquet(TRAIN), **params("train")))
