"""Judge the model on the held-out rows: `python -m credit.evaluate`."""

import json
from pathlib import Path

import numpy as np
import polars as pl
from sklearn.metrics import accuracy_score, f1_score, log_loss, roc_auc_score

from .artifact import MODEL, load
from .columns import FEATURES, ID, TARGET
from .params import params
from .prepare import TEST

PREDICTIONS, METRICS = Path("reports/predictions.parquet"), Path("metrics.json")


def predict(rows: pl.DataFrame, score: np.ndarray, *, threshold: float) -> pl.DataFrame:
    """Return one line a row: its id, the truth, the decision and the score behind it."""
    return pl.DataFrame(
        {
            ID: rows[ID],
            "y_true": rows[TARGET],
            "y_pred": (score >= threshold).astype(np.int8),
            "y_score": score,
        }
    )


def measure(predictions: pl.DataFrame) -> dict[str, float]:
    """Return the metrics people look at first."""
    truth, label, score = (predictions[name].to_numpy() for name in ("y_true", "y_pred", "y_score"))
    metrics = {
        "accuracy": accuracy_score(truth, label),
        "f1": f1_score(truth, label),
        "log_loss": log_loss(truth, score),
        "roc_auc": roc_auc_score(truth, score),
    }
    return {name: round(float(value), 6) for name, value in metrics.items()}


if __name__ == "__main__":
    rows = pl.read_parquet(TEST)
    score = load(MODEL).predict_proba(rows.select(FEATURES))[:, 1]
    predictions = predict(rows, score, **params("evaluate"))
    PREDICTIONS.parent.mkdir(exist_ok=True)
    predictions.write_parquet(PREDICTIONS)
    METRICS.write_text(json.dumps(measure(predictions), indent=2) + "\n", encoding="utf-8")
