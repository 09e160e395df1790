"""Holds what was measured against the contract: one finding a broken rule, one for all that hold."""

from collections.abc import Iterable, Iterator

from msgspec import Struct

from mlci.core.finding import Finding, Location, Scalar, Status
from mlci.gates.data.contract import Contract, Extra, Kind, Rule
from mlci.gates.data.measure import Measured, Measures, acceptable, fits

SHOWN = 50
NAMED = 8


class Dataset(Struct, frozen=True, kw_only=True):
    """A table with its contract, by name."""

    name: str
    path: str
    contract: str


class Answer(Struct, frozen=True, kw_only=True):
    """What one rule of one column came to."""

    column: str
    ok: bool
    message: str = ""
    observed: Scalar = None
    expected: str | None = None
    line: int | None = None
    status: Status = Status.FAIL


def judge(dataset: Dataset, contract: Contract, measures: Measures) -> list[Finding]:
    """Every finding on one table, in the order of the contract."""
    rules = [
        (name, rule, measures.columns[name])
        for name, rule in contract.columns.items()
        if name in measures.columns
    ]
    return [
        _rows(dataset, contract, measures),
        *_fold(dataset, measures, "data.schema", "the right type", _schema(contract, measures)),
        *_fold(dataset, measures, "data.missing", "few enough missing values", _missing(rules, measures)),
        *_fold(dataset, measures, "data.unique", "no value twice", _unique(rules, measures)),
        *_fold(dataset, measures, "data.range", "all values in range", _range(rules)),
        *_fold(dataset, measures, "data.allowed", "only allowed values", _allowed(rules)),
    ]


Rules = list[tuple[str, Rule, Measured]]


def _rows(dataset: Dataset, contract: Contract, measures: Measures) -> Finding:
    low, high = contract.rows.at_least, contract.rows.at_most
    expected = f"at least {low}" if high is None else f"{low} to {high}"
    ok = low <= measures.rows and (high is None or measures.rows <= high)
    return Finding(
        check="data.rows",
        subject=dataset.name,
        status=Status.PASS if ok else Status.FAIL,
        message=f"{dataset.path} has {measures.rows} rows"
        + ("" if ok else f"; the contract expects {expected}"),
        observed=measures.rows,
        expected=expected,
        n=measures.rows,
        help=None
        if ok
        else f"find out where rows were lost or added, or change `rows` in {dataset.contract}",
        location=Location(path=dataset.contract),
    )


def _schema(contract: Contract, measures: Measures) -> Iterator[Answer]:
    for name, rule in contract.columns.items():
        kind = measures.kinds.get(name)
        expected = rule.kind.value if rule.kind else "a column"
        if kind is None:
            message = f"column {name!r} is missing from the table"
            yield Answer(column=name, ok=False, message=message, expected=expected, line=rule.line)
        elif fits(rule, kind) or _hollow(measures, name):
            yield from _comparable(name, rule, kind)
        else:
            message = f"column {name!r} holds {kind}, not {expected}; its values were not checked further"
            yield Answer(
                column=name, ok=False, message=message, observed=kind.value, expected=expected, line=rule.line
            )
    if contract.extra is not Extra.ALLOW:
        status = Status.FAIL if contract.extra is Extra.FAIL else Status.WARN
        for name in measures.kinds:
            if name not in contract.columns:
                message = f"column {name!r} is not in the contract"
                yield Answer(column=name, ok=False, message=message, status=status)


def _comparable(name: str, rule: Rule, kind: Kind) -> Iterator[Answer]:
    """A rule that cannot be asked of its column is red: it would otherwise pass unseen."""
    wrong = ""
    if kind is not Kind.UNKNOWN and rule.ranged and not kind.numeric:
        wrong = "a range"
    elif kind is not Kind.UNKNOWN and rule.allowed is not None and not acceptable(rule.allowed, kind):
        wrong = "these allowed values"
    message = f"column {name!r} holds {kind}, which cannot be compared with {wrong}" if wrong else ""
    yield Answer(column=name, ok=not wrong, message=message, observed=kind.value, line=rule.line)


def _hollow(measures: Measures, name: str) -> bool:
    """A column without any value has no type to be wrong; whether it may be empty, `missing` says."""
    column = measures.columns[name]
    return column.kind is Kind.UNKNOWN and column.missing == measures.rows


def _missing(rules: Rules, measures: Measures) -> Iterator[Answer]:
    if not measures.rows:
        return
    for name, rule, column in rules:
        share = column.missing / measures.rows
        yield Answer(
            column=name,
            ok=share <= rule.missing,
            message=f"column {name!r} has no value in {column.missing} of {measures.rows} rows "
            f"({share:.2%}); at most {rule.missing:.2%} may be missing",
            observed=share,
            expected=f"at most {rule.missing:.4g}",
            line=rule.line,
        )


def _unique(rules: Rules, measures: Measures) -> Iterator[Answer]:
    for name, rule, column in rules:
        if column.distinct is None:
            continue
        repeated = measures.rows - column.missing - column.distinct
        yield Answer(
            column=name,
            ok=repeated == 0,
            message=f"column {name!r} repeats a value in {repeated} rows",
            observed=repeated,
            expected="0",
            line=rule.line,
        )


def _range(rules: Rules) -> Iterator[Answer]:
    for name, rule, column in rules:
        if column.outside is None:
            continue
        expected = _bounds(rule)
        yield Answer(
            column=name,
            ok=column.outside == 0,
            message=f"column {name!r} has {column.outside} values outside its range ({expected})",
            observed=column.outside,
            expected=expected,
            line=rule.line,
        )


def _bounds(rule: Rule) -> str:
    if rule.at_most is None:
        return f"at least {rule.at_least:g}"
    if rule.at_least is None:
        return f"at most {rule.at_most:g}"
    return f"{rule.at_least:g} to {rule.at_most:g}"


def _allowed(rules: Rules) -> Iterator[Answer]:
    for name, rule, column in rules:
        if column.strange is None or rule.allowed is None:
            continue
        yield Answer(
            column=name,
            ok=column.strange == 0,
            message=f"column {name!r} has {column.strange} values that are not among its {len(rule.allowed)}",
            observed=column.strange,
            expected=f"one of {len(rule.allowed)} values",
            line=rule.line,
        )


def _names(columns: list[str]) -> str:
    shown = ", ".join(columns[:NAMED])
    return f"{shown} and {len(columns) - NAMED} more" if len(columns) > NAMED else shown


HELP = {
    "data.schema": "correct the stage that writes the table, or change the column in {contract}",
    "data.missing": "find out where the values were lost, or raise `missing` in {contract}",
    "data.unique": "remove the duplicates, or take `unique` from the column in {contract}",
    "data.range": "look at the rows outside the range, or widen it in {contract}",
    "data.allowed": "map the new values, or add them to `allowed` in {contract}",
}


def _fold(
    dataset: Dataset, measures: Measures, check: str, holds: str, answers: Iterable[Answer]
) -> Iterator[Finding]:
    """A table of thousands of columns must not drown its three broken ones, nor the evidence."""
    asked = list(answers)
    broken = [answer for answer in asked if not answer.ok]
    for answer in broken[:SHOWN]:
        yield Finding(
            check=check,
            subject=f"{dataset.name}.{answer.column}",
            status=answer.status,
            message=answer.message,
            observed=answer.observed,
            expected=answer.expected,
            n=measures.rows,
            help=HELP[check].format(contract=dataset.contract),
            location=Location(path=dataset.contract, line=answer.line),
        )
    if more := broken[SHOWN:]:
        worst = Status.FAIL if any(answer.status is Status.FAIL for answer in more) else Status.WARN
        message = f"{len(more)} more columns break this rule"
        yield Finding(
            check=check,
            subject=dataset.name,
            status=worst,
            message=message,
            observed=len(more),
            n=measures.rows,
        )
    elif asked and not broken:
        message = f"{holds}: {_names([answer.column for answer in asked])}"
        yield Finding(check=check, subject=dataset.name, status=Status.PASS, message=message, n=measures.rows)
