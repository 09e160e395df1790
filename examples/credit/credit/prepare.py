"""Split applications into the rows to learn from and the rows held out: `python -m credit.prepare`."""

from pathlib import Path
from zlib import crc32

import numpy as np
import polars as pl

from .columns import AGE_BANDS, ID
from .generate import APPLICATIONS
from .params import params

TRAIN, TEST = Path("data/train.parquet"), Path("data/test.parquet")


def prepare(applications: pl.DataFrame, *, test_share: float) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the training and the held-out rows.

    The side is a function of the application's id alone, so a row never changes sides when others
    come or go, and the held-out rows of two commits can be compared one by one.
    """
    held_out = applications[ID].map_elements(_position, return_dtype=pl.Float64) < test_share
    banded = applications.with_columns(_age_band(applications["age"]))
    return banded.filter(~held_out), banded.filter(held_out)


def _position(id: str) -> float:
    return crc32(id.encode()) / 2**32


def _age_band(age: pl.Series) -> pl.Series:
    names, starts = list(AGE_BANDS), list(AGE_BANDS.values())
    return pl.Series("age_band", np.array(names)[np.searchsorted(starts, age, side="right") - 1])


if __name__ == "__main__":
    train, test = prepare(pl.read_parquet(APPLICATIONS), **params("prepare"))
    train.write_parquet(TRAIN)
    test.write_parquet(TEST)
