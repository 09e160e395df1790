"""What a test set can resolve."""

from msgspec import Struct

from mlci.core.config import Direction


class Power(Struct, frozen=True, kw_only=True):
    """What one metric's test set, or a slice of it (`subject`), can tell.

    `noticeable` is the smallest drop that 80 % of comparisons would notice; `paired` says that it was
    learnt from two models on the same rows. Otherwise it is what two models would need that have nothing in
    common; those that resemble each other are told apart by less. `needed` are the rows that the margin
    asks for, `of_base` is the part of base's value that it is where the file says it so, and `share` says
    that the metric is a share of rows, of which a hundredth is a point.
    """

    model: str
    metric: str
    subject: str | None
    rows: int
    noticeable: float
    paired: bool
    direction: Direction = Direction.HIGHER
    share: bool = False
    margin: float | None = None
    of_base: float | None = None
    needed: int | None = None

    @property
    def enough(self) -> bool | None:
        """Whether "not worse than the margin" can be shown for equal models; None without a margin."""
        return None if self.margin is None else self.noticeable <= self.margin


class LeftOut(Struct, frozen=True, kw_only=True):
    """A metric of a test set, or of a slice of it, of which nothing can be said, and why."""

    model: str
    metric: str
    subject: str | None
    why: str
