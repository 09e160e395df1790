"""`gates.model` of mlci.yaml. The objectives themselves stand beside the models, not here."""

from collections.abc import Mapping

from msgspec import Struct, field

from mlci.core.schema import Flag, Listing, Map, Named, Number, OneOf, Table, Text, optional, required


class Calibration(Struct, frozen=True, kw_only=True):
    """How well scores must be probabilities."""

    at_most: float


class Options(Struct, frozen=True, kw_only=True):
    """What is asked of every model beside its objectives."""

    slices: tuple[tuple[str, ...], ...] = ()
    slice_floors: Mapping[str, float] = field(default_factory=dict)
    beats_dummy: bool = True
    calibration: Calibration | None = None


_COLUMN = Text(means="the name of a column")
_ONE = Map(_COLUMN, lambda column, _node, _problems: (column,))

OPTIONS = Table(
    Options,
    optional(
        "slices",
        Listing(OneOf[tuple[str, ...]]("a column, or a list of columns", (_ONE, Listing(_COLUMN, 1)))),
        "Columns of `test:` whose groups are measured apart; a list of columns is measured together.",
    ),
    optional(
        "slice_floors", Named(Number(), Text()), "What every slice must reach: a metric and its worst value."
    ),
    optional("beats_dummy", Flag(), "Whether the model must be better than one that ignores its input."),
    optional(
        "calibration",
        Table(
            Calibration,
            required("at_most", Number(minimum=0, maximum=1), "The largest expected calibration error."),
        ),
        "How far scores may lie from observed frequencies.",
    ),
)
