"""Draw credit applications from a known truth: `python -m credit.generate`.

Replace this stage by your own data. Until then it stands for a source whose every property is known:
the chance of a confirmed income is `chance`, and nothing else.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import polars as pl

from .columns import ID, TARGET
from .params import params

APPLICATIONS = Path("data/applications.parquet")

REGIONS = {"north": 0.18, "east": 0.16, "south": 0.24, "west": 0.22, "centre": 0.20}
EMPLOYMENTS = {"employee": 0.66, "self_employed": 0.16, "temporary": 0.18}
HOUSINGS = {"rent": 0.48, "own": 0.38, "family": 0.14}
PURPOSES = {"car": 0.34, "home": 0.27, "education": 0.12, "debt": 0.27}
CHANNELS = {"branch": 0.35, "web": 0.50, "partner": 0.15}
MONTHS = (12, 24, 36, 48, 60, 72)

BUREAU_MEAN, BUREAU_SPREAD = 600.0, 90.0
MISSING = {"bureau_score": 0.09, "years_employed": 0.05, "stated_income": 0.02}


def generate(*, seed: int, rows: int, disparity: float) -> pl.DataFrame:
    """Return applications; the same seed draws the same people whatever the disparity is.

    `disparity` plants a known unfairness: the credit bureau reads women too low, by that many
    standard deviations. Their true chance of a confirmed income is untouched.
    """
    random = np.random.default_rng(seed)
    people = _people(random, rows)
    confirmed = random.random(rows) < chance(people)
    people = people.with_columns(
        pl.Series(TARGET, confirmed.astype(np.int8)),
        pl.when(pl.col("sex") == "female")
        .then(pl.col("bureau_score") - disparity * BUREAU_SPREAD)
        .otherwise(pl.col("bureau_score"))
        .round(0)
        .alias("bureau_score"),
    )
    return people.with_columns(_with_gaps(random, people[name], share) for name, share in MISSING.items())


def chance(people: pl.DataFrame) -> np.ndarray:
    """Return the true chance that each stated income is confirmed, from complete columns."""
    column = {name: people[name].to_numpy() for name in people.columns}
    score = (column["bureau_score"] - BUREAU_MEAN) / BUREAU_SPREAD
    income = np.log(column["stated_income"] / 2600.0)
    burden = np.log1p(column["amount"] / column["months"] / column["stated_income"] * 10.0)
    tenure = np.log1p(column["years_employed"])
    self_employed = column["employment"] == "self_employed"
    temporary = column["employment"] == "temporary"
    logit = (
        0.55
        + 1.45 * score
        - 0.35 * np.square(np.clip(score, -3, 0))
        - 1.9 * np.abs(income) ** 1.5 * np.where(self_employed, 2.2, 1.0)
        - 1.1 * (burden - 1.1)
        + 0.75 * (tenure - 1.5) * np.where(temporary, 0.1, 1.0)
        - 0.9 * self_employed * (column["channel"] != "branch")
        - 0.7 * temporary
        - 0.25 * column["open_loans"] * (column["purpose"] == "debt")
        + 0.3 * (column["housing"] == "own")
    )
    return 1.0 / (1.0 + np.exp(-1.25 * logit))


def _people(random: np.random.Generator, rows: int) -> pl.DataFrame:
    age = np.clip(random.normal(42, 13, rows), 18, 79).astype(np.int64)
    employment = _choose(random, EMPLOYMENTS, rows)
    pay = np.where(employment == "temporary", 2050.0, 2700.0)
    spread = np.where(employment == "self_employed", 0.55, 0.35)
    stated_income = np.round(pay * np.exp(spread * random.standard_normal(rows)), -1)
    return pl.DataFrame(
        {
            ID: [f"A{number:06d}" for number in range(rows)],
            "region": _choose(random, REGIONS, rows),
            "sex": _choose(random, {"female": 0.48, "male": 0.52}, rows),
            "age": age,
            "employment": employment,
            "years_employed": np.round(np.minimum(age - 18, random.exponential(6.0, rows)), 1),
            "stated_income": np.clip(stated_income, 400, 20_000),
            "housing": _choose(random, HOUSINGS, rows),
            "purpose": _choose(random, PURPOSES, rows),
            "channel": _choose(random, CHANNELS, rows),
            "amount": np.clip(np.round(np.exp(random.normal(9.1, 0.7, rows)), -2), 500, 75_000),
            "months": random.choice(MONTHS, rows),
            "bureau_score": np.clip(random.normal(BUREAU_MEAN, BUREAU_SPREAD, rows), 250, 950),
            "open_loans": random.poisson(1.1, rows),
        }
    )


def _choose(random: np.random.Generator, shares: dict[str, float], rows: int) -> np.ndarray:
    return random.choice(np.array(list(shares)), rows, p=list(shares.values()))


def _with_gaps(random: np.random.Generator, column: pl.Series, share: float) -> pl.Series:
    gone: Sequence[int] = np.flatnonzero(random.random(len(column)) < share).tolist()
    return column.scatter(gone, None)


if __name__ == "__main__":
    APPLICATIONS.parent.mkdir(exist_ok=True)
    generate(**params("generate")).write_parquet(APPLICATIONS)
