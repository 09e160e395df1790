"""A metric as a tag states it: `income.roc_auc=0.8804 [0.8745, 0.8864] within_margin`, in both directions."""

import re

from msgspec import Struct

from mlci.core.finding import Interval
from mlci.core.strictjson import JsonValue
from mlci.core.wording import number

_NUMBER = r"[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:e[-+]?[0-9]+)?"
_STATED = re.compile(
    rf"(?P<name>.+)=(?P<value>{_NUMBER})(?: \[(?P<low>{_NUMBER}), (?P<high>{_NUMBER})\])?"
    r"(?: (?P<verdict>[a-z_]+))?",
    re.ASCII,
)


class Stated(Struct, frozen=True, kw_only=True):
    """A metric's name (`income.roc_auc`), its value and what was known beside it."""

    name: str
    value: float
    interval: Interval | None = None
    verdict: str = ""

    @classmethod
    def parse(cls, text: str) -> "Stated | None":
        """The metric that a trailer states; None when it states none."""
        match = _STATED.fullmatch(text)
        if match is None:
            return None
        limits = Interval(low=float(match["low"]), high=float(match["high"])) if match["low"] else None
        return cls(
            name=match["name"], value=float(match["value"]), interval=limits, verdict=match["verdict"] or ""
        )

    def __str__(self) -> str:
        limits = f" [{self.interval.low:.6g}, {self.interval.high:.6g}]" if self.interval else ""
        verdict = f" {self.verdict}" if self.verdict else ""
        return f"{self.name}={self.value:.10g}{limits}{verdict}"

    @property
    def whole(self) -> bool:
        """Whether it is of the whole test set, and of no slice (`income.roc_auc.sex=female`)."""
        return "=" not in self.name

    @property
    def short(self) -> str:
        """For a line among others: `roc_auc 0.8804`."""
        return f"{self.name.rpartition('.')[2]} {number(self.value)}"

    @property
    def limits(self) -> str:
        """The interval as people read it."""
        return f"{number(self.interval.low)} to {number(self.interval.high)}" if self.interval else ""

    def document(self) -> JsonValue:
        """The same as a JSON value."""
        return {
            "name": self.name,
            "value": self.value,
            "low": self.interval.low if self.interval else None,
            "high": self.interval.high if self.interval else None,
            "verdict": self.verdict or None,
        }
