"""How much of its long lists a report holds, and where the others are to be read."""

from msgspec import Struct


class Extent(Struct, frozen=True, kw_only=True):
    """The most that is told of each kind; None is all. `others` is a command or a file that has the rest."""

    values: int | None = 200
    slices: int | None = 100
    subjects: int | None = 8
    columns: int | None = 20
    others: str = "mlci diff --json"


SHORT = Extent()
WHOLE = Extent(values=None, slices=None, subjects=None, columns=None)


def is_cut(amount: int, most: int | None) -> bool:
    """Whether so many are more than are told."""
    return most is not None and amount > most
