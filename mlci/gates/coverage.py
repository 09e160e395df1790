"""Whether there is a prediction for every row of the test set, and none for any other.

A model that leaves out the rows it is worst at gets better by every metric of the rest.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from heapq import nsmallest

from msgspec import Struct

from mlci.core.cells import Column, absent, alike, identities
from mlci.core.config import Columns, Model, Rows
from mlci.core.finding import Finding, Status
from mlci.core.predictions import Predictions
from mlci.core.problems import quoted
from mlci.core.wording import count
from mlci.errors import MlciError
from mlci.gates.readable import unreadable
from mlci.gates.subjects import no_column
from mlci.ports.tables import Tables

CHECK = "model.coverage"
EXAMPLES = 3

_DECLARE = "name the table of held-out rows under `test:` of the model in mlci.yaml"
_PREDICT = "let the stage that writes {predictions} predict exactly the rows of {test}, then `mlci run`"
_NAME = "give every row of {test} an id of its own; rows of one customer share a `cluster:` column instead"
_NOTHING_COMMON = (
    "no id is in both files: write them alike (`007` is another id than 7), or name their column under "
    "`columns: {{id: COLUMN}}` of the model in mlci.yaml"
)


class Coverage(Struct, frozen=True, kw_only=True):
    """How a model's predictions stand to the rows of its test set; ids as text, in no order.

    `shared` are ids that several rows of the test set have, and `unnamed` counts those rows and the rows
    without an id.
    """

    rows: int
    predictions: int
    unanswered: Sequence[str] = ()
    strange: Sequence[str] = ()
    shared: Sequence[str] = ()
    unnamed: int = 0

    @property
    def whole(self) -> bool:
        """Whether every row has its prediction, and every prediction its row."""
        return not (self.unanswered or self.strange or self.unnamed)


def coverage(tables: Tables, model: Model, predictions: Predictions, shown: Rows) -> Finding:
    """The finding on whether a model answered for its whole test set, by id or, without ids, by count."""
    if model.test is None:
        told = f"not checked: {model.name} declares no `test:` to hold its predictions against"
        return _finding(model, Status.SKIP, told, n=len(predictions), help_=_DECLARE)
    key = model.columns.id
    try:
        known = tables.schema(model.test)
        if key in known:
            ids = tables.read(model.test, [key], text=[key])[key]
            return _judged(model, held_against(ids, predictions.ids), shown)
        # Who names a column relies on it; by its usual name it may be the predictions' alone.
        if key != Columns().id:
            raise no_column(model.test, key, known)
        return _counted(model, tables.rows(model.test), len(predictions))
    except MlciError as error:
        return unreadable(CHECK, model.name, error)


def held_against(test: Column, predicted: Column) -> Coverage:
    """Hold the ids of predictions, none of them twice, against the ids of a test set."""
    nothing = absent(test)
    asked, answered = alike(identities(test[~nothing]), predicted)
    rows, answers = asked.tolist(), set(answered.tolist())
    wanted = set(rows)
    shared = [] if len(wanted) == len(rows) else [item for item in Counter(rows).items() if item[1] > 1]
    return Coverage(
        rows=len(test),
        predictions=len(predicted),
        unanswered=[str(each) for each in wanted - answers],
        strange=[str(each) for each in answers - wanted],
        shared=[str(each) for each, _ in shared],
        unnamed=int(nothing.sum()) + sum(times for _, times in shared),
    )


def _judged(model: Model, found: Coverage, shown: Rows) -> Finding:
    rows = count(found.rows, "row")
    if found.whole:
        return _finding(
            model, Status.PASS, f"each of {rows} of {model.test} has its prediction", n=found.rows
        )
    nothing_common = len(found.strange) == found.predictions
    help_ = _NAME if found.unnamed else _NOTHING_COMMON if nothing_common else _PREDICT
    message = "; ".join(_gaps(model, found, shown))
    return _finding(model, Status.FAIL, message, observed=len(found.unanswered), n=found.rows, help_=help_)


def _gaps(model: Model, found: Coverage, shown: Rows) -> Iterator[str]:
    rows = f"of {count(found.rows, 'row')} of {model.test}"
    if found.unanswered:
        yield f"no prediction for {len(found.unanswered):,} {rows}{_examples(found.unanswered, shown)}"
    if found.strange:
        predictions = f"{len(found.strange):,} of {count(found.predictions, 'prediction')}"
        yield f"no row in {model.test} for {predictions}{_examples(found.strange, shown)}"
    if found.unnamed:
        yield f"no id of its own for {found.unnamed:,} {rows}{_examples(found.shared, shown)}"


def _examples(ids: Sequence[str], shown: Rows) -> str:
    """Some ids, the shortest and first ones, where they may be shown: an id may be a person's."""
    if shown is Rows.COUNTS or not ids:
        return ""
    some = nsmallest(EXAMPLES, ids, key=lambda each: (len(each), each))
    return f" ({', '.join(quoted(each) for each in some)}{', …' if len(ids) > len(some) else ''})"


def _counted(model: Model, rows: int, predictions: int) -> Finding:
    """By their number alone, since the rows of the test set have no ids."""
    told = f"{count(predictions, 'prediction')} for {count(rows, 'row')} of {model.test}"
    why = f"only counted, for {model.test} has no column {quoted(model.columns.id)}"
    status = Status.PASS if rows == predictions else Status.FAIL
    return _finding(model, status, f"{told}; {why}", observed=rows - predictions, n=rows, help_=_PREDICT)


def _finding(
    model: Model, status: Status, message: str, *, n: int, help_: str = "", observed: int | None = None
) -> Finding:
    told = help_.format(predictions=model.predictions, test=model.test)
    return Finding(
        check=CHECK,
        subject=model.name,
        status=status,
        message=message,
        observed=observed,
        expected=f"a prediction for each row of {model.test}" if model.test else None,
        n=n,
        help=told if status is not Status.PASS else None,
    )
