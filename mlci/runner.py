"""What a child in the USER's environment executes. Standard library only; imports nothing of mlci.

It reads `question.json` beside itself and leaves `answer.json` there, so that what the user's code prints
cannot be taken for the answer. It runs under whatever Python the user has, from 3.8 on.
"""

from __future__ import annotations

import csv
import importlib
import json
import math
import os
import platform
import sys
import traceback
from importlib import metadata
from typing import Any


def probe(arguments: dict[str, Any]) -> dict[str, str | None]:
    """Versions of Python and of installed distributions; None for an absent one."""
    versions: dict[str, str | None] = {"python": platform.python_version()}
    for name in arguments["packages"]:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            versions[name] = None
    return versions


def load_and_predict(arguments: dict[str, Any]) -> dict[str, Any]:
    """Load a model, feed it a file of features, and write one JSON line for each row.

    `load` is `package.module:function`, called with `model`; columns named in `drop` are kept from the
    model; `columns` names the id, the label and the score (or, by class, the scores) of each written row.
    """
    model = _function(arguments["load"])(arguments["model"])
    table, ids = _read(arguments["features"], arguments["columns"]["id"], arguments.get("drop", []))
    labels = _plain(model.predict(table))
    classes = [str(each) for each in _plain(getattr(model, "classes_", []))]
    scores = _scores(model, table, classes, arguments["columns"].get("score"))
    _write(arguments["predictions"], arguments["columns"], ids, labels, scores)
    return {"rows": len(ids), "classes": classes, "scores": sorted(scores)}


def _function(name: str) -> Any:
    module, _, function = name.partition(":")
    return getattr(importlib.import_module(module), function)


def _read(path: str, id_column: str, drop: list[str]) -> tuple[Any, list[Any]]:
    """The features as the kind of table that the user's environment knows, and the ids beside them."""
    if path.endswith(".csv"):
        return _read_csv(path, id_column, drop)
    for library in ("pandas", "polars", "pyarrow"):
        try:
            importlib.import_module(library)
        except ImportError:
            continue
        return _READERS[library](path, id_column, drop)
    raise ModuleNotFoundError("nothing here reads Parquet", name="pandas")


def _read_csv(path: str, id_column: str, drop: list[str]) -> tuple[Any, list[Any]]:
    try:
        pandas: Any = importlib.import_module("pandas")
    except ImportError:
        with open(path, encoding="utf-8-sig", newline="") as stream:
            rows = list(csv.DictReader(stream))
        hidden = {id_column, *drop}
        features = [{key: _cell(row[key]) for key in row if key not in hidden} for row in rows]
        return features, [row[id_column] for row in rows]
    # Ids stay as they are written: 007 is not 7.
    return _split_pandas(pandas.read_csv(path, dtype={id_column: str}), id_column, drop)


def _cell(text: str) -> Any:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def _read_pandas(path: str, id_column: str, drop: list[str]) -> tuple[Any, list[Any]]:
    pandas: Any = importlib.import_module("pandas")
    return _split_pandas(pandas.read_parquet(path), id_column, drop)


def _split_pandas(table: Any, id_column: str, drop: list[str]) -> tuple[Any, list[Any]]:
    return table.drop(columns=[id_column, *drop], errors="ignore"), _plain(table[id_column])


def _read_polars(path: str, id_column: str, drop: list[str]) -> tuple[Any, list[Any]]:
    polars: Any = importlib.import_module("polars")
    table = polars.read_parquet(path)
    return table.drop([id_column, *drop], strict=False), table[id_column].to_list()


def _read_pyarrow(path: str, id_column: str, drop: list[str]) -> tuple[Any, list[Any]]:
    parquet: Any = importlib.import_module("pyarrow.parquet")
    table = parquet.read_table(path)
    kept = [name for name in table.column_names if name != id_column and name not in drop]
    return table.select(kept), table[id_column].to_pylist()


_READERS = {"pandas": _read_pandas, "polars": _read_polars, "pyarrow": _read_pyarrow}


def _scores(model: Any, table: Any, classes: list[str], wanted: Any) -> dict[str, Any]:
    """Score columns by name: the second class's alone when one name is asked for, else one for each class."""
    if wanted is None or not hasattr(model, "predict_proba"):
        return {}
    columns = list(zip(*_plain(model.predict_proba(table))))
    if isinstance(wanted, str):
        return {wanted: columns[-1] if columns else []}
    return {wanted[name]: column for name, column in zip(classes, columns) if name in wanted}


def _plain(values: Any) -> list[Any]:
    """An array, a series or a list as plain Python values."""
    for convert in ("tolist", "to_list", "to_pylist"):
        if hasattr(values, convert):
            values = getattr(values, convert)()
            break
    return list(values)


def _write(
    path: str, columns: dict[str, str], ids: list[Any], labels: list[Any], scores: dict[str, Any]
) -> None:
    if len(labels) != len(ids) or any(len(each) != len(ids) for each in scores.values()):
        raise ValueError(f"the model gave {len(labels)} predictions for {len(ids)} rows")
    with open(path, "w", encoding="utf-8", newline="\n") as stream:
        for number, identity in enumerate(ids):
            row = {columns["id"]: identity, columns["label"]: labels[number]}
            row.update({name: column[number] for name, column in scores.items()})
            stream.write(json.dumps({key: _finite(value) for key, value in row.items()}) + "\n")


def _finite(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value


TASKS = {"probe": probe, "load_and_predict": load_and_predict}


def main(place: str) -> None:
    """Do what the question asks, and leave the answer beside it."""
    with open(os.path.join(place, "question.json"), encoding="utf-8") as stream:
        question = json.load(stream)
    sys.path[0] = os.getcwd()
    try:
        answer: dict[str, Any] = {"value": TASKS[question["task"]](question["arguments"])}
    except ModuleNotFoundError as error:
        answer = {"missing": error.name or str(error), "error": str(error)}
    except Exception:
        answer = {"error": traceback.format_exc(limit=-5)}
    staged = os.path.join(place, "answer.tmp")
    with open(staged, "w", encoding="utf-8") as stream:
        json.dump(answer, stream)
    os.replace(staged, os.path.join(place, "answer.json"))


if __name__ == "__main__":
    main(os.path.dirname(os.path.abspath(__file__)))
