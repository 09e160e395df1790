"""What a model takes, as its test rows show it: the rows less what predictions keep beside them."""

import numpy as np
import polars as pl
import pytest

from mlci.adapters.tables import PolarsTables
from mlci.core.config import Columns, Model, Task
from mlci.core.measure.predictions import Predictions
from mlci.gates.model.signature import signature_of

SAID = Predictions(
    task=Task.BINARY, ids=np.arange(2), truth=np.arange(2), label=np.arange(2), classes=("0", "1")
)


@pytest.mark.parametrize(
    ("columns", "beside"),
    [
        (Columns(), ["id", "y_true", "y_pred", "y_score"]),
        (Columns(weight="w", cluster="c", group="g"), ["id", "y_true", "w", "c", "g"]),
        (Columns(id="key", truth="t", label="l", score=None), ["key", "t", "l"]),
        (Columns(score={"0": "p0", "1": "p1"}), ["p0", "p1"]),
    ],
)
def test_a_column_that_the_configuration_names_is_no_feature(tmp_path, columns, beside):
    rows = {"age": [30, 40], "region": ["north", None], **{name: [0, 1] for name in beside}}
    pl.DataFrame(rows).write_parquet(tmp_path / "test.parquet")
    model = Model(name="income", path="m", task=Task.BINARY, test="test.parquet", columns=columns)
    found = signature_of(PolarsTables(root=tmp_path), model, SAID)
    assert found.takes == {"age": "number", "region": "text"}
