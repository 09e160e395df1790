"""How long to wait before asking a server again, and when to give up. Pure: headers in, seconds out."""

from collections.abc import Mapping
from email.utils import parsedate_to_datetime

from msgspec import Struct

TRIES = 5
BUDGET = 300.0
LIMIT_WORDS = ("rate limit", "abuse detection", "too many requests")


class Refusal(Struct, frozen=True, kw_only=True):
    """One answer that was not a success. `status` is None when no answer, or no readable one, came.

    `final` says that the same question will never get another answer.
    """

    status: int | None
    message: str
    headers: Mapping[str, str]
    final: bool = False

    @property
    def limited(self) -> bool:
        """Whether the server asks us to slow down rather than refuses us."""
        if self.status == 429:
            return True
        worded = any(each in self.message.lower() for each in LIMIT_WORDS)
        return self.status == 403 and (worded or "retry-after" in self.headers)

    @property
    def passing(self) -> bool:
        """Whether asking again can help."""
        if self.final:
            return False
        return self.limited or self.status is None or self.status >= 500 or self.status in (408, 409, 425)

    @property
    def too_long(self) -> bool:
        """Whether a shorter text would have been taken."""
        return self.status in (400, 413, 422) and "too long" in self.message.lower()


def wait_before(refusal: Refusal, *, attempt: int, waited: float) -> float | None:
    """Return the seconds to wait before attempt + 1, or None to give up.

    Attempts count from 1. The server's own clock is compared only with itself.
    """
    if not refusal.passing or attempt >= TRIES:
        return None
    wanted = _asked_for(refusal.headers)
    if wanted is None:
        wanted = 60.0 if refusal.limited else float(2 ** (attempt - 1))
    return wanted if waited + wanted <= BUDGET else None


def _asked_for(headers: Mapping[str, str]) -> float | None:
    after = headers.get("retry-after")
    if after is not None:
        return max(0.0, float(after)) if after.isdigit() else _apart(headers.get("date"), after)
    reset, date = headers.get("x-ratelimit-reset"), headers.get("date")
    if headers.get("x-ratelimit-remaining") == "0" and reset and reset.isdigit() and date:
        moment = _moment(date)
        return None if moment is None else max(0.0, int(reset) - moment)
    return None


def _apart(earlier: str | None, later: str) -> float | None:
    start, end = _moment(earlier), _moment(later)
    return None if start is None or end is None else max(0.0, end - start)


def _moment(text: str | None) -> float | None:
    try:
        return None if text is None else parsedate_to_datetime(text).timestamp()
    except ValueError:
        return None
