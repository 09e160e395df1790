"""Paired timing: ours and the peer's take turns, so that a busy machine slows both alike."""

import os
import statistics
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROUNDS = 15


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """One figure: the median over rounds of ours / peer's, and the median seconds of each."""

    name: str
    peer: str
    ratio: float
    ours_seconds: float
    peer_seconds: float
    at_most: float | None = None

    def line(self) -> str:
        """The figure as one line of the report."""
        wanted = "" if self.at_most is None else f"  (wanted: at most {self.at_most:g})"
        times = f"{self.ours_seconds * 1000:.1f} ms / {self.peer_seconds * 1000:.1f} ms"
        return f"{self.ratio:6.2f} x  {self.name} / {self.peer}: {times}{wanted}"


def compare(
    name: str,
    ours: Callable[[], object],
    peer: str,
    theirs: Callable[[], object],
    *,
    at_most: float | None = None,
    rounds: int = ROUNDS,
) -> Comparison:
    """Time both in turns, the first of a round alternating; one round before is not counted."""
    ours()
    theirs()
    pairs = [_round(ours, theirs, ours_first=bool(each % 2)) for each in range(rounds)]
    return Comparison(
        name=name,
        peer=peer,
        ratio=statistics.median(mine / other for mine, other in pairs),
        ours_seconds=statistics.median(mine for mine, _ in pairs),
        peer_seconds=statistics.median(other for _, other in pairs),
        at_most=at_most,
    )


def child(
    *argv: str,
    cwd: Path | None = None,
    environment: Mapping[str, str] | None = None,
    codes: Sequence[int] = (0,),
) -> Callable[[], object]:
    """A function that runs a program once, and fails when it ends otherwise than with `codes`."""

    # An installed program has its bytecode; the round that is not counted writes it here.
    variables = {**os.environ, "PYTHONDONTWRITEBYTECODE": "", **(environment or {})}

    def run() -> None:
        ended = subprocess.run(argv, cwd=cwd, env=variables, capture_output=True, check=False)
        if ended.returncode not in codes:
            raise RuntimeError(f"{argv} ended with {ended.returncode}: {ended.stderr.decode()[-500:]}")

    return run


def _round(
    ours: Callable[[], object], theirs: Callable[[], object], *, ours_first: bool
) -> tuple[float, float]:
    if ours_first:
        mine = _seconds(ours)
        return mine, _seconds(theirs)
    other = _seconds(theirs)
    return _seconds(ours), other


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began
