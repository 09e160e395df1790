"""Shapes of configuration: each reads a located node, names every problem and prints JSON Schema.

A shape is a value, so a gate states its part of `mlci.yaml` beside its code:

    class Options(Struct, frozen=True, kw_only=True):
        sensitive: tuple[str, ...]
        at_most: float = 0.1
        warmup: float = 5.0

    OPTIONS = Table(
        Options,
        required("sensitive", Listing(Text(), at_least=1), "Columns that name protected groups."),
        optional("at_most", Number(minimum=0), "The largest difference that passes."),
        optional("warmup", Duration(), "How long to wait before measuring."),
    )

    options = OPTIONS.read(node, problems)      # an Options, with every problem in `problems`

An optional key that is absent takes the struct's own default.
"""

from mlci.core.schema.base import Problems, Schema, default_of, expected, mapping
from mlci.core.schema.nested import Field, Listing, Map, Named, OneOf, Table, optional, required
from mlci.core.schema.plain import (
    Among,
    Choice,
    Constant,
    Duration,
    Flag,
    Integer,
    Number,
    Share,
    Text,
    percentage,
)

__all__ = [
    "Among",
    "Choice",
    "Constant",
    "Duration",
    "Field",
    "Flag",
    "Integer",
    "Listing",
    "Map",
    "Named",
    "Number",
    "OneOf",
    "Problems",
    "Schema",
    "Share",
    "Table",
    "Text",
    "default_of",
    "expected",
    "mapping",
    "optional",
    "percentage",
    "required",
]
