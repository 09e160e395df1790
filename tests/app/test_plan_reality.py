"""The plan of random pipelines, held against what `dvc repro --pull` executes in somebody else's clone.

`MLCI_PLAN_CASES=3000` tries as many. A failure names its seed, which `python -m tests.app.reality DIRECTORY
SEED 1` plays again.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from itertools import chain, pairwise
from pathlib import Path

import pytest

from mlci.core.dvc.stages import Cause

pytestmark = pytest.mark.slow

CASES = int(os.environ.get("MLCI_PLAN_CASES", "300"))
MEMORY = Path("/dev/shm")
RUNS = ("stale", "unknown", "follows")
MOVING = "moving.txt"

# Where DVC errs; ARCHITECTURE.md says more. A stage whose input, or output in Git, was removed is passed
# over, since --pull takes what is missing for what was not pulled yet (treeverse/dvc#10435).
REMOVED = ("dependency", "missing", "parameter")
# A frozen stage is not pulled once its command, record or inputs changed: DVC runs into this instead of
# leaving the stage as it is (treeverse/dvc#2423).
FROZEN = ("missing data 'source'", "dependency '")
# Tracked data that somebody replaced without adding it: DVC protects it, and skips those who read it.
PROTECTED = "Can't remove the following unsaved files without confirmation."


@pytest.fixture(scope="module")
def cases() -> Iterator[list[dict]]:
    """Each processor takes a share: all time goes into DVC's own code."""
    workers = os.cpu_count() or 1
    room = Path(tempfile.mkdtemp(prefix="reality-", dir=MEMORY if os.access(MEMORY, os.W_OK) else None))
    starts = [CASES * number // workers for number in range(workers + 1)]
    children = [_child(room / str(first), first, end - first) for first, end in pairwise(starts)]
    yield [case for child in children for case in _answers(child)]
    shutil.rmtree(room)


def _child(room: Path, first: int, count: int) -> subprocess.Popen:
    room.mkdir()
    argv = [sys.executable, "-m", "tests.app.reality", str(room), str(first), str(count)]
    environment = {**os.environ, "DVC_SITE_CACHE_DIR": str(room / "site")}
    with (room / "errors").open("wb") as errors:
        return subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=errors, text=True, env=environment)


def _answers(child: subprocess.Popen) -> Iterator[dict]:
    with child:
        out, _ = child.communicate()
    assert child.returncode == 0, (Path(str(child.args[3])) / "errors").read_text()[-3000:]
    yield from map(json.loads, out.splitlines())


def test_what_is_planned_is_what_dvc_executes(cases: list[dict]) -> None:
    assert len(cases) == CASES
    wrong = [{"differs": differs, **case} for case in cases if (differs := [*_differences(case)])]
    assert not wrong, json.dumps(wrong[:3], indent=1) + f"\nseeds: {[case['seed'] for case in wrong]}"


def test_the_cases_are_worth_trying(cases: list[dict]) -> None:
    """Every reason to run occurs, some cases run nothing, and few are decided by doubt."""
    causes = Counter(chain.from_iterable(map(_causes, cases)))
    rare = [cause for cause in Cause if causes[cause] < len(cases) // 100]
    assert not rare, causes
    assert sum(map(_is_doubtful, cases)) <= len(cases) // 20
    assert sum(not case["ran"] for case in cases) >= len(cases) // 10
    assert sum(case["ran"] != [] for case in cases) >= len(cases) // 3


def _causes(case: dict) -> set[str]:
    stages = [each for name, each in case["stages"].items() if name in _standing(case, *RUNS)]
    return {why.partition(" ")[0] for each in stages for why in each["why"]}


def _is_doubtful(case: dict) -> bool:
    """Whether a stage counts as run for doubt alone, not about an import that only its source knows."""
    unknown = [case["stages"][name]["why"] for name in _standing(case, "unknown")]
    return any(
        all(why.startswith(Cause.UNDECIDED) and not why.endswith(MOVING) for why in whys) for whys in unknown
    )


def _differences(case: dict) -> Iterator[str]:
    """Every stage that is surely stale ran, unless it could not, and nothing ran that was not planned.

    A stage that DVC lays out from its cache counts as one that ran: its output was not what was recorded.
    """
    if case["refused"] or case["ended"]:
        if not (case["refused"] and case["ended"]):
            yield f"only one of the two refuses: {case['refused'] or case['ended']}"
        return
    ran, failed = {*case["ran"], *case["restored"]}, case["failed"]
    planned = _standing(case, *RUNS)
    kept = {each for each in case["stages"] if _lacks_only_what_was_removed(case, each)}
    kept |= {*failed, *case["skipped"]}
    yield from (f"{name} ran unplanned" for name in sorted(ran - planned))
    yield from (f"{name} did not run" for name in sorted(_standing(case, "stale") - ran - kept))
    yield from (
        f"{name} failed unplanned: {why}"
        for name, why in failed.items()
        if name not in planned and not _is_dvcs_own(case, name, why)
    )


def _is_dvcs_own(case: dict, name: str, why: str) -> bool:
    if name.endswith(".dvc"):
        return why.startswith(PROTECTED) or name.removesuffix(".dvc") in case["nowhere"]
    return name in _standing(case, "frozen") and why.startswith(FROZEN)


def _standing(case: dict, *standings: str) -> set[str]:
    return {name for name, stage in case["stages"].items() if stage["standing"] in standings}


def _lacks_only_what_was_removed(case: dict, name: str) -> bool:
    removed = {f"{cause} {path}" for path in case["gone"].get(name, ()) for cause in REMOVED}
    own = {why for why in case["stages"][name]["why"] if not why.startswith(Cause.UPSTREAM)}
    return own <= removed and bool(own)
