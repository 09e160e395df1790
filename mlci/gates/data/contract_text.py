"""A contract as the YAML that people read and edit: one line a column."""

import re
from collections.abc import Iterator

import yaml

from mlci.gates.data.contract import Allowed, Contract, Rule

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_RESERVED = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n"})


def contract_text(contract: Contract, source: str) -> str:
    """The contract's file. The same contract gives the same bytes."""
    lines = [
        f"# What must be true of {_word(source)}. Written from the data: review it before you trust it.",
        f"rows: {{at_least: {contract.rows.at_least}, at_most: {contract.rows.at_most}}}",
        f"other_columns: {contract.extra.value}",
        "columns:" if contract.columns else "columns: {}",
        *(f"  {_word(name)}: {{{', '.join(_parts(rule))}}}" for name, rule in contract.columns.items()),
    ]
    return "\n".join(lines) + "\n"


def _parts(rule: Rule) -> Iterator[str]:
    if rule.kind is not None:
        yield f"type: {rule.kind.value}"
    if rule.unique:
        yield "unique: true"
    if rule.missing:
        yield f"missing: {rule.missing * 100:g}%"
    if rule.at_least is not None:
        yield f"at_least: {_number(rule.at_least)}"
    if rule.at_most is not None:
        yield f"at_most: {_number(rule.at_most)}"
    if rule.allowed is not None:
        yield f"allowed: [{', '.join(_value(each) for each in rule.allowed)}]"


def _value(value: Allowed) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return _word(value) if isinstance(value, str) else _number(value)


def _number(value: float) -> str:
    return str(int(value)) if float(value).is_integer() and abs(value) < 1e15 else repr(float(value))


def _word(text: str) -> str:
    """Text that YAML gives back as the same text, whatever it is."""
    if _PLAIN.fullmatch(text) and text.lower() not in _RESERVED:
        return text
    quoted: str = yaml.safe_dump(text, default_style='"', width=float("inf"))
    return quoted.strip()
