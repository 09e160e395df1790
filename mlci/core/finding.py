"""What a gate says: one finding for each question it asked."""

from enum import StrEnum

from msgspec import Struct

Scalar = str | int | float | bool | None


class Status(StrEnum):
    """The answer to one check, from best to worst."""

    PASS = "pass"
    SKIP = "skip"
    WARN = "warn"
    FAIL = "fail"
    ERROR = "error"


class Verdict(StrEnum):
    """The answer of a whole gate or run."""

    PASSED = "passed"
    WARNED = "warned"
    FAILED = "failed"


class Interval(Struct, frozen=True, kw_only=True):
    """A confidence interval; its limits are finite."""

    low: float
    high: float
    level: float = 0.95


class Location(Struct, frozen=True, kw_only=True):
    """Where a reader can look: a file of the project and, where it is known, a line."""

    path: str
    line: int | None = None


class Waived(Struct, frozen=True, kw_only=True):
    """Who accepted a failing check, why, and until when."""

    owner: str
    reason: str
    until: str
    expired: bool = False

    @property
    def lasts(self) -> str:
        """How long it forgives: an end that has come is why a check is red again."""
        return f"{'its waiver ended on' if self.expired else 'accepted until'} {self.until}"


class Finding(Struct, frozen=True, kw_only=True):
    """One question a gate asked of one subject, and the answer.

    `check` is the dotted id (`data.missing`), `subject` what it was asked of (`train.income`).
    """

    check: str
    subject: str
    status: Status
    message: str
    observed: Scalar = None
    expected: str | None = None
    interval: Interval | None = None
    n: int | None = None
    help: str | None = None
    location: Location | None = None
    waived: Waived | None = None

    @property
    def blocks(self) -> bool:
        """Whether this finding alone makes its gate fail."""
        red = self.status in (Status.FAIL, Status.ERROR)
        return red and (self.waived is None or self.waived.expired)


def verdict_of(findings: tuple[Finding, ...]) -> Verdict:
    """The verdict over many findings: any block fails, any warning (or waived failure) warns."""
    if any(f.blocks for f in findings):
        return Verdict.FAILED
    if any(f.status in (Status.WARN, Status.FAIL, Status.ERROR) for f in findings):
        return Verdict.WARNED
    return Verdict.PASSED
