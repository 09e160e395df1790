"""Whether there is a prediction for every row of the test set, and none for any other, with its truth.

A model that leaves out the rows it is worst at gets better by every metric of the rest, and so does one
whose stage writes another truth beside them.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from heapq import nsmallest

from msgspec import Struct

from mlci.core.config import Columns, Model, Rows
from mlci.core.finding import Finding, Status
from mlci.core.measure.cells import Column, absent, alike, identities
from mlci.core.measure.predictions import Predictions
from mlci.core.problems import quoted
from mlci.core.wording import count
from mlci.errors import MlciError
from mlci.gates import Request
from mlci.gates.readable import unreadable
from mlci.gates.subjects import no_column, rows_of
from mlci.gates.truths import held_to_truth

EXAMPLES = 3

_DECLARE = "name the table of held-out rows under `test:` of the model in mlci.yaml"
_PREDICT = "let the stage that writes {predictions} predict exactly the rows of {test}, then `mlci run`"
_NAME = "give every row of {test} an id of its own; rows of one customer share a `cluster:` column instead"
_COPY = "let the stage that writes {predictions} copy the truth from {test}, then `mlci run`"
_RENAME = (
    "write the truth as {test} has it, or give the column in {predictions} a name of its own and say it "
    "under `columns: {{truth: COLUMN}}` of the model in mlci.yaml"
)
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


def coverage(request: Request, check: str, model: Model, predictions: Predictions) -> Finding:
    """The finding on whether a model answered for its whole test set, by id or, without ids, by count."""
    asked = _Asked(check=check, model=model, shown=request.config.report.rows)
    tables, key = request.hands.tables, model.columns.id
    if model.test is None:
        told = f"not checked: {model.name} declares no `test:` to hold its predictions against"
        return asked.answer(Status.SKIP, told, n=len(predictions), help_=_DECLARE)
    try:
        known = tables.schema(model.test)
        if key in known:
            names = [key, *(each for each in [model.columns.truth] if each in known)]
            table = tables.read(model.test, names, text=[key])
            found = held_against(table[key], predictions.ids)
            return _judged(asked, found) or _whole(asked, table, predictions)
        # Who names a column relies on it; by its usual name it may be the predictions' alone.
        if key != Columns().id:
            raise no_column(model.test, key, known)
        return _counted(asked, tables.rows(model.test), len(predictions))
    except MlciError as error:
        return unreadable(check, model.name, error)


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


class _Asked(Struct, frozen=True, kw_only=True):
    """Which gate asks, of which model, and how much of the data may be shown."""

    check: str
    model: Model
    shown: Rows

    def answer(
        self, status: Status, message: str, *, n: int, help_: str = "", observed: int | None = None
    ) -> Finding:
        model = self.model
        told = help_.format(predictions=model.predictions, test=model.test)
        return Finding(
            check=self.check,
            subject=model.name,
            status=status,
            message=message,
            observed=observed,
            expected=f"a prediction for each row of {model.test}" if model.test else None,
            n=n,
            help=None if status is Status.PASS else told,
        )

    def examples(self, ids: Sequence[str]) -> str:
        """Some ids, the shortest and first ones, where they may be shown: an id may be a person's."""
        if self.shown is Rows.COUNTS or not ids:
            return ""
        some = nsmallest(EXAMPLES, ids, key=lambda each: (len(each), each))
        return f" ({', '.join(quoted(each) for each in some)}{', …' if len(ids) > len(some) else ''})"


def _whole(asked: _Asked, table: Mapping[str, Column], predictions: Predictions) -> Finding:
    """Of predictions that are all there: whether they say the truth that the test set says, where it does."""
    test, columns, rows = asked.model.test or "", asked.model.columns, len(predictions)
    told = f"each of {count(rows, 'row')} of {test} has its prediction"
    if columns.truth not in table:
        return asked.answer(Status.PASS, told, n=rows)
    found = held_to_truth(table[columns.truth][rows_of(table[columns.id], predictions, test)], predictions)
    if not found.differ:
        return asked.answer(Status.PASS, f"{told}, with the truth that stands there", n=rows)
    column = quoted(columns.truth)
    if found.recoded:
        other = f"{told}, but its {column} is written otherwise there, so that truth was not compared"
        return asked.answer(Status.WARN, other, n=rows, help_=_RENAME)
    other = f"{found.differ:,} of {count(rows, 'row')} of {test} have another {column} in the predictions"
    return asked.answer(Status.FAIL, other, n=rows, observed=found.differ, help_=_COPY)


def _judged(asked: _Asked, found: Coverage) -> Finding | None:
    if found.whole:
        return None
    nothing_common = len(found.strange) == found.predictions
    help_ = _NAME if found.unnamed else _NOTHING_COMMON if nothing_common else _PREDICT
    message, lacking = "; ".join(_gaps(asked, found)), len(found.unanswered)
    return asked.answer(Status.FAIL, message, observed=lacking, n=found.rows, help_=help_)


def _gaps(asked: _Asked, found: Coverage) -> Iterator[str]:
    test = asked.model.test
    rows = f"of {count(found.rows, 'row')} of {test}"
    if found.unanswered:
        yield f"no prediction for {len(found.unanswered):,} {rows}{asked.examples(found.unanswered)}"
    if found.strange:
        predictions = f"{len(found.strange):,} of {count(found.predictions, 'prediction')}"
        yield f"no row in {test} for {predictions}{asked.examples(found.strange)}"
    if found.unnamed:
        yield f"no id of its own for {found.unnamed:,} {rows}{asked.examples(found.shared)}"


def _counted(asked: _Asked, rows: int, predictions: int) -> Finding:
    """By their number alone, since the rows of the test set have no ids."""
    test, key = asked.model.test, quoted(asked.model.columns.id)
    told = f"{count(predictions, 'prediction')} for {count(rows, 'row')} of {test}"
    why = f"only counted, for {test} has no column {key}"
    status = Status.PASS if rows == predictions else Status.FAIL
    return asked.answer(status, f"{told}; {why}", observed=rows - predictions, n=rows, help_=_PREDICT)
