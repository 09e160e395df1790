"""Asks a server with patience: one policy for every forge's client."""

import random
from collections.abc import Callable
from typing import TypeVar

from mlci.core.patience import Refusal, wait_before
from mlci.errors import ForgeError
from mlci.ports.clock import Clock

T = TypeVar("T")


class Refused(Exception):
    """A client's exception in our words."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.message)
        self.refusal = refusal


def patiently(
    ask: Callable[[], T], *, clock: Clock, what: str, explain: Callable[[Refusal, str], ForgeError]
) -> T:
    """Ask until there is an answer or the budget is spent. `ask` must be safe to repeat."""
    waited = 0.0
    attempt = 1
    while True:
        try:
            return ask()
        except Refused as refused:
            seconds = wait_before(refused.refusal, attempt=attempt, waited=waited)
            if seconds is None:
                raise explain(refused.refusal, what) from refused
        pause = seconds * random.uniform(1.0, 1.25)  # noqa: S311 - spreads clients, hides nothing
        clock.sleep(pause)
        waited += pause
        attempt += 1
