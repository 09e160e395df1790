"""Findings on whether there was anything to ask: alike in every gate."""

from mlci.core.finding import Finding, Location, Status
from mlci.errors import ConfigError, MlciError

PROBLEMS = 3


def readable(check: str, subject: str, message: str, *, n: int | None = None) -> Finding:
    """What was to be read has been read."""
    return Finding(check=check, subject=subject, status=Status.PASS, message=message, n=n)


def unreadable(check: str, subject: str, error: MlciError, *, location: Location | None = None) -> Finding:
    """What was to be read could not be: an answer like any other, and a red one."""
    where = f"{error.where}: " if error.where else ""
    details = error.problems[:PROBLEMS] if isinstance(error, ConfigError) else ()
    return Finding(
        check=check,
        subject=subject,
        status=Status.ERROR,
        message="\n".join((f"{where}{error.message}", *details)),
        help=error.help or "mlci run makes it anew",
        location=location,
    )


def nothing(check: str, message: str, *, help: str) -> Finding:
    """There is nothing of the kind that this gate tests."""
    return Finding(check=check, subject="models", status=Status.SKIP, message=message, help=help)
