"""The base's model on head's test set: what is compared when the test set changed."""

from collections.abc import Callable, Mapping
from pathlib import Path, PurePosixPath

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from mlci.app.side.tabular import Side, SideTables
from mlci.core.config import Columns, Model, Task
from mlci.core.measure.cells import Column
from mlci.core.measure.predictions import Predictions, from_columns
from mlci.core.strictjson import JsonValue
from mlci.errors import ConfigError, MlciError, WorldError
from mlci.gates.subjects import rows_of
from mlci.ports.user_python import UserPython

LIMIT = 1800.0
LOAD_UNDECLARED = "load-undeclared"


class Rescoring(Struct, frozen=True, kw_only=True):
    """Loads a base's model in the user's environment, by the `load:` of the work tree, and asks it again."""

    tables: SideTables
    user_python: Callable[[], UserPython]

    def predictions(self, model: Model, base: Side, head: Side, ahead: Predictions) -> Predictions:
        """What base's model says of head's test rows. Raises MlciError saying why it cannot be asked."""
        import tempfile

        if model.load is None or model.test is None:
            raise ConfigError(
                f"it declares no `{'load' if model.load is None else 'test'}:`",
                id=LOAD_UNDECLARED,
                where=f"models.{model.name}",
                help=f"mlci.yaml: models.{model.name}.load: package.module:load",
            )
        with tempfile.TemporaryDirectory(prefix="mlci-") as directory:
            place = Path(directory)
            loaded = place / PurePosixPath(model.path).name
            features = place / f"test{PurePosixPath(model.test).suffix}"
            answers = place / "answers.jsonl"
            snapshot, outs = base.snapshot, base.declared.outs
            if not self.tables.outputs.place(snapshot, model.path, outs, loaded):
                raise WorldError(f"its {model.path} cannot be had", id="model-missing", where=model.path)
            features.write_bytes(self.tables.content(model.test, head))
            question = _question(model, loaded, features, answers)
            self.user_python().call("load_and_predict", question, timeout=LIMIT)
            said = self.tables.tables.read_bytes(answers.read_bytes(), answers.name, text=[model.columns.id])
        return _joined(said, model, ahead)


def in_short(error: MlciError) -> str:
    """An error in one line: what it says first, and how a child's last words end."""
    lines = [line.strip() for line in error.message.splitlines() if line.strip()]
    return " … ".join(dict.fromkeys((lines[0], lines[-1])))[:300] if lines else error.id


def _question(model: Model, loaded: Path, features: Path, answers: Path) -> JsonValue:
    columns: dict[str, JsonValue] = {"id": model.columns.id, "label": model.columns.label}
    score = model.columns.score
    if score is not None:
        columns["score"] = dict(score) if isinstance(score, Mapping) else score
    return {
        "load": model.load,
        "model": str(loaded),
        "features": str(features),
        "predictions": str(answers),
        "columns": columns,
        "drop": [model.columns.truth],
    }


def _joined(said: Mapping[str, Column], model: Model, ahead: Predictions) -> Predictions:
    """The answers beside head's truth, in head's order; whatever else the rows have is head's too."""
    columns = Columns(
        id=model.columns.id, truth=model.columns.truth, label=model.columns.label, score=model.columns.score
    )
    rows = rows_of(said[columns.id], ahead, "the answers")
    truth = ahead.truth if ahead.task is Task.REGRESSION else np.array(ahead.classes)[ahead.truth]
    table = {name: column[rows] for name, column in said.items()}
    table |= {columns.id: ahead.ids, columns.truth: truth}
    found = from_columns(table, columns, model.task, model.path)
    return replace(found, weight=ahead.weight, cluster=ahead.cluster, group=ahead.group)
