"""`gates.bias` of mlci.yaml."""

from msgspec import Struct

from mlci.core.config import Config, Model, Task
from mlci.core.schema import Listing, Number, Table, Text, optional, required


class Options(Struct, frozen=True, kw_only=True):
    """Which groups are protected, and how far each may stand from the rest."""

    sensitive: tuple[str, ...]
    intersections: tuple[tuple[str, ...], ...] = ()
    models: tuple[str, ...] = ()
    equal_opportunity_difference: float = 0.1
    false_positive_rate_difference: float | None = None
    demographic_parity_difference: float | None = None
    demographic_parity_ratio: float | None = None


def models_of(config: Config, options: Options) -> list[Model]:
    """The models that are tested: those that are named, else all binary ones."""
    models = config.models.values()
    if options.models:
        return [model for model in models if model.name in options.models]
    return [model for model in models if model.task is Task.BINARY]


_COLUMN = Text(means="the name of a column")
_DIFFERENCE = Number(minimum=0, maximum=1)

OPTIONS = Table(
    Options,
    required("sensitive", Listing(_COLUMN, 1, distinct=True), "Columns of `test:` with protected groups."),
    optional("intersections", Listing(Listing(_COLUMN, 2)), "Columns whose groups are tested together."),
    optional("models", Listing(_COLUMN, distinct=True), "Which models; all binary ones unless named."),
    optional(
        "equal_opportunity_difference",
        _DIFFERENCE,
        "How far a group's true positive rate may lie from the rest's.",
    ),
    optional(
        "false_positive_rate_difference",
        _DIFFERENCE,
        "How far a group's false positive rate may lie from the rest's.",
    ),
    optional(
        "demographic_parity_difference",
        _DIFFERENCE,
        "How far a group's selection rate may lie from the rest's.",
    ),
    optional(
        "demographic_parity_ratio",
        Number(minimum=0.01, maximum=1),
        "The least ratio of the lower selection rate to the higher (0.8 is the four-fifths rule).",
    ),
)
