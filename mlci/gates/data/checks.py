"""What the data gate can ask."""

from mlci.gates import Check

CHECKS = (
    Check(
        id="data.readable",
        title="The table and its contract can be read",
        page="A table that is absent, empty or damaged is red: nothing else can be asked of it. "
        "`dvc pull` brings outputs here; `mlci run` makes them.",
    ),
    Check(
        id="data.schema",
        title="Every column is there and holds its type",
        page="`type` is integer, number, boolean, text, date or datetime; whole numbers pass as `number`. "
        "A column without a single value has no type to be wrong. Columns that the contract does not name "
        "warn, or what `other_columns` says (allow, warn, fail).",
    ),
    Check(
        id="data.missing",
        title="Few enough values are missing",
        page="Null and NaN are missing; empty text is not. `missing` is the largest share of rows, "
        "0 unless the contract says otherwise.",
    ),
    Check(
        id="data.unique",
        title="No value comes twice",
        page="Counted exactly, with missing values left out. An estimate would report duplicates that "
        "do not exist.",
    ),
    Check(
        id="data.range",
        title="Numbers lie in their range",
        page="`at_least` and `at_most`, both included. Infinity lies in no range; missing values are "
        "`data.missing`'s business.",
    ),
    Check(
        id="data.allowed",
        title="Only allowed values occur",
        page="The finding counts rows and never shows a value, so that a report can be public.",
    ),
    Check(
        id="data.rows",
        title="There are as many rows as expected",
        page="At least one, unless the contract says `rows: {at_least: 0}`.",
    ),
)
