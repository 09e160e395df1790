"""`gates.data` of mlci.yaml, and the shape of a contract file."""

from collections.abc import Mapping

from msgspec import Struct, field
from msgspec.structs import replace

from mlci.core.schema import (
    Choice,
    Flag,
    Integer,
    Listing,
    Map,
    Named,
    Number,
    Problems,
    Share,
    Table,
    Text,
    expected,
    optional,
    required,
)
from mlci.core.strictjson import JsonValue
from mlci.core.yaml.node import Node
from mlci.gates.data.contract import Allowed, Contract, Extra, Kind, RowCount, Rule


class Source(Struct, frozen=True, kw_only=True):
    """A table and the file with its contract."""

    path: str
    contract: str


class Options(Struct, frozen=True, kw_only=True):
    """The tables to test, by name."""

    datasets: Mapping[str, Source] = field(default_factory=dict)


class _Value(Struct, frozen=True):
    """A cell as YAML has it: text, a number, true or false. Empty text is a value like any other."""

    def read(self, node: Node, problems: Problems) -> Allowed:
        if isinstance(node.value, str | int | float):
            return node.value
        expected("a value (text, a number, true or false)", node, problems)
        return ""

    def json_schema(self) -> JsonValue:
        return {"type": ["string", "number", "boolean"]}


def _at_its_line(rule: Rule, node: Node, _: Problems) -> Rule:
    return replace(rule, line=node.mark.line)


def _orderly(rule: Rule | RowCount, node: Node, problems: Problems) -> None:
    if rule.at_least is not None and rule.at_most is not None and rule.at_least > rule.at_most:
        problems.add(node, "range-empty", "`at_least` is more than `at_most`: nothing can lie between")


_NAME = Text(pattern=r"[A-Za-z0-9_][A-Za-z0-9_.-]*", means="a name of letters, digits, _ . and -")

OPTIONS = Table(
    Options,
    required(
        "datasets",
        Named(
            Table(
                Source,
                required("path", Text(), "The table: Parquet, CSV, Arrow or JSON-lines."),
                required("contract", Text(), "The YAML file that says what must be true of it."),
            ),
            _NAME,
        ),
        "The tables to test, each with its contract.",
    ),
)

_RULE = Table(
    Rule,
    optional("type", Choice(Kind), "What the column holds.", into="kind"),
    optional("missing", Share(), "The largest share of rows without a value (null or NaN)."),
    optional("unique", Flag(), "Whether no value may come twice."),
    optional("at_least", Number(), "The smallest value."),
    optional("at_most", Number(), "The largest value."),
    optional("allowed", Listing(_Value(), 1), "All values that may occur."),
    check=_orderly,
)

CONTRACT = Table(
    Contract,
    optional(
        "rows",
        Table(
            RowCount,
            optional("at_least", Integer(minimum=0), "The fewest rows."),
            optional("at_most", Integer(minimum=0), "The most rows."),
            check=_orderly,
        ),
        "How many rows there may be.",
    ),
    optional("other_columns", Choice(Extra), "What columns that are not named here come to.", into="extra"),
    required(
        "columns", Named(Map(_RULE, _at_its_line), Text(lines=True)), "What must be true of each column."
    ),
)
