"""Waivers: failing checks that somebody accepts until a day. An expired one is red again."""

from collections.abc import Sequence
from datetime import date

from msgspec.structs import replace

from mlci.core.config import Waiver
from mlci.core.finding import Finding, Status, Waived

# What can be red beside the gates' own checks. The pipeline's answers are no matter of opinion.
WAIVABLE = frozenset({"diff.coverage", "diff.objective", "diff.readable", "diff.verdict"})
RED = (Status.FAIL, Status.ERROR)


def waive(findings: Sequence[Finding], waivers: Sequence[Waiver], today: date) -> tuple[Finding, ...]:
    """The findings, each red one with the waiver that speaks of it: of several, the longest."""
    lasting = sorted(waivers, key=lambda each: each.until, reverse=True)
    return tuple(_waived(finding, lasting, today) for finding in findings)


def _waived(finding: Finding, waivers: Sequence[Waiver], today: date) -> Finding:
    if finding.status not in RED:
        return finding
    for waiver in waivers:
        if speaks_of(waiver, finding):
            said = Waived(
                owner=waiver.owner,
                reason=waiver.reason,
                until=waiver.until.isoformat(),
                expired=today > waiver.until,
            )
            return replace(finding, waived=said)
    return finding


def speaks_of(waiver: Waiver, finding: Finding) -> bool:
    """Whether a waiver is of a finding's check, and of its subject or of all."""
    return waiver.check == finding.check and waiver.subject in (None, finding.subject)
