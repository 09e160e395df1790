"""What changed between two commits, as one value that every renderer draws from."""

from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum

from msgspec import Struct, field

from mlci.core.config import Direction
from mlci.core.diff.values import Kind, Value
from mlci.core.finding import Interval
from mlci.core.wording import stated


class MetricVerdict(StrEnum):
    """What the interval of a metric's change says."""

    IMPROVED = "improved"
    WITHIN_MARGIN = "within_margin"
    REGRESSED = "regressed"
    INCONCLUSIVE = "inconclusive"
    NOT_COMPARABLE = "not_comparable"
    INSUFFICIENT = "insufficient"


# What a comparison came to; all else it leaves open.
SETTLED = (MetricVerdict.IMPROVED, MetricVerdict.WITHIN_MARGIN, MetricVerdict.REGRESSED)

# What is noted of a metric whose whole interval lies on the worse side, where no margin makes that a verdict.
LIKELY_WORSE = "likely worse"


class Occasion(StrEnum):
    """What is being decided: a promotion asks for more than a pull request, a part of a run for nothing."""

    PULL_REQUEST = "pull_request"
    PROMOTION = "promotion"
    NONE = "none"


class FloorStatus(StrEnum):
    """How head stands to its floor or ceiling."""

    MET = "met"
    STRADDLED = "straddled"
    MISSED = "missed"


class Floor(Struct, frozen=True, kw_only=True):
    """An `at_least` or `at_most` of an objective, and how head stands to it.

    `rows_needed` would be sure, where these rows are not; None also where that is out of reach.
    """

    limit: float
    direction: Direction
    status: FloorStatus
    rows_needed: int | None = None

    @property
    def key(self) -> str:
        """How mlci.yaml states it."""
        return "at_least" if self.direction is Direction.HIGHER else "at_most"

    @property
    def expected(self) -> str:
        """The rule as people write it."""
        return f"{'≥' if self.direction is Direction.HIGHER else '≤'} {stated(self.limit)}"


class MetricDiff(Struct, frozen=True, kw_only=True):
    """One metric of one subject (a slice; None is the whole test set), from base to head.

    `difference` and `interval` are head minus base as the numbers are, never turned, over the `n` rows that
    were paired, as is `base`. `head` and `head_interval` are head's own over all its `head_n` rows, which
    floors hold. `margin` is absolute. `verdict` is None where there is no baseline or no margin to judge by.
    `advice` says what makes it comparable; `problem` why a value that a gate needs could not be had.
    `noticeable` is the smallest drop that this test set would notice at 80 % power. All numbers are
    unrounded.
    """

    metric: str
    direction: Direction
    model: str | None = None
    subject: str | None = None
    base: float | None = None
    head: float | None = None
    head_interval: Interval | None = None
    difference: float | None = None
    interval: Interval | None = None
    margin: float | None = None
    verdict: MetricVerdict | None = None
    floors: tuple[Floor, ...] = ()
    note: str = ""
    advice: str = ""
    problem: str = ""
    n: int | None = None
    head_n: int | None = None
    rows_needed: int | None = None
    noticeable: float | None = None
    p_value: float | None = None
    gated: bool = False

    @property
    def likely_worse(self) -> bool:
        """Whether the whole interval lies on the worse side of zero."""
        if self.interval is None:
            return False
        return self.interval.high < 0 if self.direction is Direction.HIGHER else self.interval.low > 0


class Move(StrEnum):
    """What became of a key."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"
    RENAMED = "renamed"
    UNCHANGED = "unchanged"


class ValueDiff(Struct, frozen=True, kw_only=True):
    """One key of a metrics or parameters file, from base to head; `key` is its path of names.

    `was` is the name it had in base, by the project's own word that it was renamed.
    """

    path: str
    key: tuple[str, ...]
    base: Value
    head: Value
    was: str = ""

    @property
    def name(self) -> str:
        """The key as DVC writes it."""
        return ".".join(self.key)

    @property
    def move(self) -> Move:
        """Whether the key came, went, changed, stayed, or has another name and nothing else."""
        if self.base.same_as(self.head):
            return Move.RENAMED if self.was else Move.UNCHANGED
        if self.base.kind is Kind.MISSING:
            return Move.ADDED
        return Move.REMOVED if self.head.kind is Kind.MISSING else Move.CHANGED

    @property
    def difference(self) -> Decimal | None:
        """Head minus base, exactly; None unless both are finite numbers."""
        return self.head.minus(self.base)

    @property
    def relative(self) -> float | None:
        """The change as a share of base; None from zero and for what is no number."""
        base, difference = self.base.number, self.difference
        return None if not base or difference is None else float(difference) / abs(base)


# Design: below this share of a side, the pairs no longer stand for its test set.
ENOUGH_IN_COMMON = 0.9


class Pairing(Struct, frozen=True, kw_only=True):
    """How base's and head's predictions of one model were brought together.

    `rows` are the pairs that verdicts rest on; 0 with a `reason` when they are not comparable. `flipped`
    predicted labels differ: of those `lost` were right in base alone, `won` are right in head alone. A
    regression is not `labelled`: it has none that could flip. `truth_differs` are common rows without a
    pair; `weights_differ` and `clusters_differ` are pairs, which count as base has them.
    """

    model: str
    rows: int = 0
    base_rows: int = 0
    head_rows: int = 0
    truth_differs: int = 0
    weights_differ: int = 0
    clusters_differ: int = 0
    flipped: int = 0
    lost: int = 0
    won: int = 0
    labelled: bool = True
    rescored: bool = False
    reason: str = ""

    @property
    def comparable(self) -> bool:
        """Whether the rows were paired."""
        return not self.reason

    @property
    def whole(self) -> bool:
        """Whether every row of both sides is in a pair."""
        return self.rows == self.base_rows == self.head_rows

    @property
    def dropped(self) -> int:
        """Rows of base's test set of which head says nothing; none where base was scored on head's."""
        if self.rescored or not self.comparable:
            return 0
        return max(0, self.base_rows - self.rows - self.truth_differs)

    @property
    def shrunk(self) -> bool:
        """Whether so much of base's test set went that what is left no longer stands for it."""
        return self.dropped > 0 and self.rows + self.truth_differs < ENOUGH_IN_COMMON * self.base_rows

    @property
    def doubtful(self) -> bool:
        """Whether the change chose for itself by what it is judged: a person must accept that.

        Base's model scored on another test set has the same rows, truth and weights as head's.
        """
        if self.rescored or not self.comparable:
            return False
        return self.shrunk or bool(self.truth_differs or self.weights_differ or self.clusters_differ)


class Artifact(StrEnum):
    """What a tracked file is to the project."""

    DATA = "data"
    MODEL = "model"


class FileState(Struct, frozen=True, kw_only=True):
    """A DVC-tracked file or directory at one commit, as its lock says."""

    hash: str
    size: int | None = None
    files: int | None = None
    rows: int | None = None


class ColumnDiff(Struct, frozen=True, kw_only=True):
    """A column of a table that came, went, or changed its type; None on the side where it is not."""

    name: str
    base: str | None
    head: str | None


class Inside(Struct, frozen=True, kw_only=True):
    """What changed inside a directory: files, and rows of the tables among them.

    Rows are None where there is no table among them, or where `unknown` says why they cannot be counted.
    """

    added: int = 0
    removed: int = 0
    changed: int = 0
    rows_added: int | None = None
    rows_removed: int | None = None
    unknown: str = ""


class FileDiff(Struct, frozen=True, kw_only=True):
    """A data set or model that changed; None on the side where it does not exist.

    `columns` tells only those that differ, and nothing where one side's bytes are not here. `inside` is
    None of what is no directory.
    """

    path: str
    artifact: Artifact
    base: FileState | None
    head: FileState | None
    columns: tuple[ColumnDiff, ...] = ()
    inside: Inside | None = None


class StageDiff(Struct, frozen=True, kw_only=True):
    """A stage that is declared or recorded otherwise, and why: `command`, `params.yaml:lr`, a path.

    Paths are from the project. `dvc.lock` is told where the record itself came or went. `pending` says that
    head declares what has not run yet, by what its lock records.
    """

    name: str
    move: Move
    because: tuple[str, ...] = ()
    pending: bool = False


class Mend(Struct, frozen=True, kw_only=True):
    """The file that a problem lies in, its line where that is known, and what puts it right."""

    path: str
    help: str
    line: int | None = None


class Keeper(StrEnum):
    """Who has the bytes that the lock records of a file in the work tree."""

    DVC = "dvc"
    GIT = "git"


class Diff(Struct, frozen=True, kw_only=True):
    """All that changed. `base` is None without a baseline, `head` None for the work tree.

    `displaced` are files that verdicts rest on and that are not those which the lock records, `kept` says of
    some who can put them back, `by_hand` are those that were committed so though the lock is a promise,
    `contradicted` those of which it records two things: what a stage made, and what another one read.
    `gone` are files with which numbers were made and that the change took away. `mends` say of problems in
    which file they lie.
    Every sequence is sorted, and the same two commits give the same value.
    """

    base: str | None
    head: str | None
    base_name: str = ""
    head_name: str = ""
    metrics: tuple[MetricDiff, ...] = ()
    values: tuple[ValueDiff, ...] = ()
    params: tuple[ValueDiff, ...] = ()
    files: tuple[FileDiff, ...] = ()
    stages: tuple[StageDiff, ...] = ()
    pairings: tuple[Pairing, ...] = ()
    problems: tuple[str, ...] = ()
    mends: Mapping[str, Mend] = field(default_factory=dict)
    displaced: tuple[str, ...] = ()
    kept: Mapping[str, Keeper] = field(default_factory=dict)
    by_hand: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()
    contradicted: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def doubtful(self) -> tuple[Pairing, ...]:
        """The pairings that only a person lets pass into a version: of models that are gated."""
        gated = {each.model for each in self.metrics if each.gated}
        return tuple(each for each in self.pairings if each.doubtful and each.model in gated)
