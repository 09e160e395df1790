"""What model and bias tests look at: a model's predictions, and the groups its rows fall into."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from msgspec import Struct

from mlci.core.config import Model
from mlci.core.measure.cells import Column, alike, identities
from mlci.core.measure.predictions import Codes, Predictions, from_columns, wanted
from mlci.errors import WorldError
from mlci.ports.tables import Tables

MISSING = "(missing)"
MOST_GROUPS = 100


class Attribute(Struct, frozen=True, kw_only=True, eq=False):
    """A column that sorts rows into groups: a code for each row, a name for each code."""

    name: str
    codes: Codes
    groups: tuple[str, ...]


def read_predictions(tables: Tables, model: Model) -> Predictions:
    """A model's predictions, sorted by id. Raises WorldError."""
    if model.predictions is None:
        raise WorldError(
            f"model {model.name!r} declares no predictions",
            id="predictions-undeclared",
            where=f"models.{model.name}",
            help="write the predictions of the test rows to a file and name it under `predictions:`",
        )
    known = tables.schema(model.predictions)
    columns = [name for name in wanted(model.columns) if name in known]
    table = tables.read(model.predictions, columns, text=[model.columns.id])
    return from_columns(table, model.columns, model.task, model.predictions)


def read_attributes(
    tables: Tables, model: Model, predictions: Predictions, names: Sequence[str]
) -> Mapping[str, Attribute]:
    """Columns of the model's test rows, in the order of its predictions. Raises WorldError."""
    wanted_names = list(dict.fromkeys(names))
    if not wanted_names:
        return {}
    if model.test is None:
        raise no_test_rows(model, wanted_names[0])
    known = tables.schema(model.test)
    key = model.columns.id
    for name in (key, *wanted_names):
        if name not in known:
            raise no_column(model.test, name, known)
    table = tables.read(model.test, [key, *(name for name in wanted_names if name != key)], text=[key])
    return attributes(table, model, predictions, wanted_names)


def attributes(
    table: Mapping[str, Column], model: Model, predictions: Predictions, names: Sequence[str]
) -> Mapping[str, Attribute]:
    """Columns of a table of test rows, in the order of the predictions. Raises WorldError."""
    rows = rows_of(table[model.columns.id], predictions, model.test or "")
    return {name: _attribute(name, table[name][rows]) for name in names}


def no_test_rows(model: Model, column: str) -> WorldError:
    """What to say when a column of the test rows is asked for, and the model declares none."""
    return WorldError(
        f"model {model.name!r} declares no test rows to take {column!r} from",
        id="test-undeclared",
        where=f"models.{model.name}",
        help="name the table of held-out rows under `test:`",
    )


def no_column(path: str, name: str, known: Iterable[str]) -> WorldError:
    """What to say when a table of test rows lacks a column that is needed."""
    return WorldError(
        f"{path} has no column {name!r}",
        id="table-column",
        where=path,
        help=f"its columns: {', '.join(list(known)[:20])}",
    )


def crossed(attributes: Sequence[Attribute]) -> Attribute:
    """The groups that several attributes make together; only those that occur. Raises WorldError."""
    made = attributes[0]
    names = [f"{made.name}={group}" for group in made.groups]
    codes = made.codes
    for each in attributes[1:]:
        # One by one, for the number of all that could occur is beyond counting.
        found, codes = np.unique(codes * len(each.groups) + each.codes, return_inverse=True)
        places = [divmod(code, len(each.groups)) for code in found.tolist()]
        names = [f"{names[one]},{each.name}={each.groups[other]}" for one, other in places]
    together = ",".join(each.name for each in attributes)
    _not_too_many(f"columns {together} together have {len(names)} groups", len(names))
    return Attribute(name=together, codes=codes.astype(np.intp), groups=tuple(names))


def label_of(attribute: Attribute, code: int) -> str:
    """How a group is called: `sex=F`."""
    group = attribute.groups[code]
    return group if "," in attribute.name else f"{attribute.name}={group}"


def rows_of(ids: Column, predictions: Predictions, where: str) -> Codes:
    """The row of a table with these ids for each prediction. Raises WorldError, naming the table."""
    theirs, ours = alike(identities(ids), predictions.ids)
    order = np.argsort(theirs, kind="stable")
    ranked = theirs[order]
    if (repeated := len(ranked) - len(np.unique(ranked))) > 0:
        raise WorldError(f"{repeated} ids of {where} are duplicates", id="test-ids", where=where)
    places = np.minimum(np.searchsorted(ranked, ours), max(0, len(ranked) - 1))
    absent = len(ours) if not len(ranked) else int(np.count_nonzero(ranked[places] != ours))
    if absent:
        raise WorldError(
            f"{absent} of {len(ours)} predictions have an id that is not in {where}",
            id="test-ids",
            where=where,
            help="let the evaluation write the predictions of exactly the rows in `test:`",
        )
    rows: Codes = order[places]
    return rows


def _attribute(name: str, column: Column) -> Attribute:
    texts = np.array([MISSING if _absent(each) else str(each) for each in column.tolist()])
    groups, codes = np.unique(texts, return_inverse=True)
    _not_too_many(f"column {name!r} has {len(groups)} values", len(groups))
    return Attribute(name=name, codes=codes.astype(np.intp), groups=tuple(groups.tolist()))


def _not_too_many(what: str, groups: int) -> None:
    if groups > MOST_GROUPS:
        raise WorldError(
            f"{what}, more than the {MOST_GROUPS} groups mlci shows",
            id="too-many-groups",
            help="write a column of bands, such as age_band, and name that one; or cross fewer columns",
        )


def _absent(value: object) -> bool:
    return value is None or value != value  # noqa: PLR0124 - NaN is what differs from itself
