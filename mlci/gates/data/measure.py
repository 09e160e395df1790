"""Measures a table against a contract: one fused query, and one distinct count a unique column."""

from collections.abc import Mapping
from typing import Any

import narwhals as nw
from msgspec import Struct

from mlci.gates.data.contract import Allowed, Contract, Kind, Rule
from mlci.ports.tables import Tables

TEXTS = (nw.String, nw.Categorical, nw.Enum)
EXACT_FLOAT = 2**53
EXACT = {nw.Boolean: Kind.BOOLEAN, nw.Date: Kind.DATE, nw.Datetime: Kind.DATETIME, nw.Unknown: Kind.UNKNOWN}


class Measured(Struct, frozen=True, kw_only=True):
    """What was counted in one column; None is a question that was not asked of it."""

    kind: Kind
    missing: int
    outside: int | None = None
    strange: int | None = None
    distinct: int | None = None


class Measures(Struct, frozen=True, kw_only=True):
    """What was counted in a table. `kinds` holds all its columns, `columns` those the contract names."""

    rows: int
    kinds: Mapping[str, Kind]
    columns: Mapping[str, Measured]


def kind_of(dtype: nw.dtypes.DType) -> Kind:
    """The kind of a column type. Only a column without any value has none that can be told."""
    if dtype.is_integer():
        return Kind.INTEGER
    if dtype.is_numeric():
        return Kind.NUMBER
    if isinstance(dtype, TEXTS):
        return Kind.TEXT
    return EXACT.get(type(dtype), Kind.OTHER)


def fits(rule: Rule, kind: Kind) -> bool:
    """Whether a column of this kind can hold what the rule speaks of."""
    return rule.kind in (None, kind) or (rule.kind is Kind.NUMBER and kind is Kind.INTEGER)


def acceptable(values: tuple[Allowed, ...], kind: Kind) -> bool:
    """Whether allowed values can be compared with a column of this kind."""
    match kind:
        case Kind.TEXT:
            return all(isinstance(value, str) for value in values)
        case Kind.BOOLEAN:
            return all(isinstance(value, bool) for value in values)
        case Kind.INTEGER | Kind.NUMBER:
            return all(isinstance(value, int | float) and not isinstance(value, bool) for value in values)
        case _:
            return False


def measure(tables: Tables, path: str, contract: Contract) -> Measures:
    """Count everything that the contract asks of a table. Raises WorldError when it cannot be read."""
    frame = tables.scan(path)
    schema = frame.collect_schema()
    probes = [
        _Probe(position, name, contract.columns[name], dtype)
        for position, (name, dtype) in enumerate(schema.items())
        if name in contract.columns
    ]
    fused = frame.select(nw.len().alias("rows"), *(each for probe in probes for each in probe.counts()))
    unique = [probe for probe in probes if probe.rule.unique]
    counted, *distinct = tables.collect([fused, *(probe.distinct(frame) for probe in unique)])
    found = {probe.name: int(rows[0]["n"]) for probe, rows in zip(unique, distinct, strict=True)}
    return Measures(
        rows=int(counted[0]["rows"] or 0),
        kinds={name: kind_of(dtype) for name, dtype in schema.items()},
        columns={probe.name: probe.measured(counted[0], found.get(probe.name)) for probe in probes},
    )


class _Probe:
    """The questions to one column, which is taken by position: a name may be a pattern to an engine."""

    def __init__(self, position: int, name: str, rule: Rule, dtype: nw.dtypes.DType) -> None:
        self.name = name
        self.rule = rule
        self.kind = kind_of(dtype)
        self._position = position
        self._float = dtype.is_float()
        self._coded = isinstance(dtype, nw.Categorical | nw.Enum)

    def counts(self) -> list[nw.Expr]:
        """One expression for each count, named by position."""
        asked = {"missing": self._missing()}
        if fits(self.rule, self.kind):
            if self.rule.ranged and self.kind.numeric:
                asked["outside"] = self._outside() & ~self._missing()
            if self.rule.allowed is not None and acceptable(self.rule.allowed, self.kind):
                asked["strange"] = ~self._values().is_in(self._allowed(self.rule.allowed)) & ~self._missing()
        return [count.cast(nw.Int64).sum().alias(f"{self._position}.{key}") for key, count in asked.items()]

    def distinct(self, frame: "nw.LazyFrame[Any]") -> "nw.LazyFrame[Any]":
        """How many different values there are: exactly, and apart, for it would double the fused query."""
        values = frame.filter(~self._missing()).select(nw.nth(self._position).alias("value"))
        return values.unique().select(nw.len().alias("n"))

    def measured(self, counts: Mapping[str, Any], distinct: int | None) -> Measured:
        """What the answers say. A sum over no rows is nothing in some engines, and means 0."""

        def count(key: str) -> int | None:
            name = f"{self._position}.{key}"
            return int(counts[name] or 0) if name in counts else None

        return Measured(
            kind=self.kind,
            missing=count("missing") or 0,
            outside=count("outside"),
            strange=count("strange"),
            distinct=distinct,
        )

    def _missing(self) -> nw.Expr:
        null = nw.nth(self._position).is_null()
        return null | nw.nth(self._position).is_nan() if self._float else null

    def _values(self) -> nw.Expr:
        column = nw.nth(self._position)
        return column.cast(nw.String) if self._coded else column

    def _outside(self) -> nw.Expr:
        column = nw.nth(self._position)
        beyond = ~column.is_finite() if self._float else column.is_null()
        if self.rule.at_least is not None:
            beyond = beyond | (column < self._bound(self.rule.at_least))
        if self.rule.at_most is not None:
            beyond = beyond | (column > self._bound(self.rule.at_most))
        return beyond

    def _bound(self, value: float) -> float:
        """Comparing whole numbers with a whole bound spares a copy of the column as floats."""
        return int(value) if self.kind is Kind.INTEGER and _whole(value) else value

    def _allowed(self, values: tuple[Allowed, ...]) -> list[Allowed]:
        """Values of one type, as engines want them; whole numbers are never equal to others."""
        match self.kind:
            case Kind.INTEGER:
                return [int(value) for value in values if _whole(float(value))]
            case Kind.NUMBER:
                return [float(value) for value in values]
            case _:
                return list(values)


def _whole(value: float) -> bool:
    return float(value).is_integer() and abs(value) < EXACT_FLOAT
