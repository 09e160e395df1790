"""The slices of a model's test rows, as `gates.model.slices` declares them, at one commit."""

from collections.abc import Sequence

import numpy as np
from msgspec import Struct

from mlci import gates
from mlci.app.side.tabular import Side, SideTables
from mlci.core.config import Config, Model
from mlci.core.evidence import MODEL
from mlci.core.measure.predictions import Codes, Predictions
from mlci.core.schema import Problems
from mlci.gates.subjects import attributes, crossed, label_of, no_test_rows

Together = Sequence[Sequence[str]]


class Slice(Struct, frozen=True, kw_only=True, eq=False):
    """A group of test rows: what it is called, and which predictions are of it."""

    subject: str
    rows: Codes


def declared_slices(config: Config) -> Together:
    """The columns whose groups are measured apart, each alone or several together."""
    node = config.gates.get(MODEL)
    found: Together = () if node is None else gates.gate(MODEL).options.read(node, Problems()).slices
    return found


def slices_of(
    tables: SideTables, model: Model, side: Side, predictions: Predictions, wanted: Together
) -> list[Slice]:
    """Every group of every declared slice, in the order of the file. Raises WorldError."""
    names = list(dict.fromkeys(name for together in wanted for name in together))
    if not names:
        return []
    if model.test is None:
        raise no_test_rows(model, names[0])
    key = model.columns.id
    table = tables.read(model.test, side, list(dict.fromkeys([key, *names])), text=key)
    columns = attributes(table, model, predictions, names)
    found = []
    for together in wanted:
        parts = [columns[name] for name in together]
        attribute = parts[0] if len(parts) == 1 else crossed(parts)
        for code in range(len(attribute.groups)):
            rows = np.flatnonzero(attribute.codes == code)
            found.append(Slice(subject=label_of(attribute, code), rows=rows))
    return found
