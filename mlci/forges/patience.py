"""Asks a server with patience: one policy for every forge's client."""

import random
from collections.abc import Callable, Mapping
from typing import TypeVar

from mlci.core.patience import Refusal, wait_before
from mlci.errors import ForgeError
from mlci.ports.clock import Clock

T = TypeVar("T")


class Refused(Exception):
    """What a client raised, in our words."""

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


def refused_by(forge: str, refusal: Refusal, what: str, *, help_by_status: Mapping[int, str]) -> ForgeError:
    """What the user is told when patience ended."""
    status = "no readable answer" if refusal.status is None else f"status {refusal.status}"
    message = f"{forge} would not {what}: {status}, {refusal.message[:300]}"
    if refusal.too_long:
        return ForgeError(message, id="comment-too-long", help="the whole report: mlci report")
    if refusal.limited:
        return ForgeError(message, id="forge-limited", help=f"{forge} asks to slow down: try again later")
    refused = refusal.status is not None and refusal.status < 500
    return ForgeError(
        message,
        id="forge-refused" if refused else "forge-unreachable",
        help=help_by_status.get(refusal.status or 0, "run the command again later"),
    )
