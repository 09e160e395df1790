"""Predictions with a known truth, as files: what model and bias tests are run on."""

from pathlib import Path

import numpy as np
import polars as pl

from mlci.core.config import Config, Model, Objective, Task

INCOME = Model(
    name="income",
    path="models/income.skops",
    task=Task.BINARY,
    test="test.parquet",
    predictions="predictions.parquet",
)


def config(*objectives: Objective, model: Model = INCOME) -> Config:
    """A project with one model."""
    return Config(project="credit", models={model.name: model}, objectives=objectives)


def sampled(rows: int, *, seed: int, missed: float = 0.0) -> pl.DataFrame:
    """Rows of people and what a fair model says; it also misses a share of the women's positives."""
    rng = np.random.default_rng(seed)
    truth = rng.random(rows) < 0.4
    score = np.clip(rng.normal(0.35 + 0.3 * truth, 0.15), 0.0, 1.0)
    sex = np.where(rng.random(rows) < 0.5, "F", "M")
    score = np.where((sex == "F") & truth & (rng.random(rows) < missed), 0.1, score)
    return pl.DataFrame(
        {
            "id": np.arange(rows),
            "y_true": truth.astype(int),
            "y_pred": (score >= 0.5).astype(int),
            "y_score": score,
            "sex": sex,
            "age_band": rng.choice(["18-30", "31-50", "51+"], rows),
            "region": rng.choice(["north", "south"], rows),
        }
    )


def write(directory: Path, people: pl.DataFrame, *, seed: int = 0) -> None:
    """Write predictions and test rows, each in an order of its own."""
    columns = [name for name in people.columns if name.startswith("y_")]
    shuffled = people.sample(fraction=1.0, shuffle=True, seed=seed)
    people.select("id", *columns).write_parquet(directory / "predictions.parquet")
    shuffled.drop(columns).write_parquet(directory / "test.parquet")
