"""What one run leaves behind: evidence by gate and the diff, in `.mlci/`, and reading it back.

What is read may come from a job that ran a stranger's code, so it is data: sizes and numbers are
bounded, every document is checked, and nothing in it is ever shown other than through a renderer.
"""

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, TypeVar

from msgspec import Struct, field

from mlci.core import evidence
from mlci.core.config import Rows
from mlci.core.diff import Diff
from mlci.core.diff import json as diff_json
from mlci.core.evidence import Evidence
from mlci.core.strictjson import JsonValue, NotJson, dumps
from mlci.errors import IntegrityError, RefusedError
from mlci.ports.files import Files

if TYPE_CHECKING:
    from mlci.core.measure.predictions import Flips

EVIDENCE = ".mlci/evidence"
REPORT = ".mlci/report"
LOCK = ".mlci/lock"
_IGNORED = ".mlci/.gitignore"
DIFF = f"{REPORT}/diff.json"
MOST_GATES = 32
MOST_EVIDENCE = 1024 * 1024
MOST_DIFF = 64 * 1024 * 1024

MOST_BASELINES = 8

_DIFF_FILE = re.compile(r"diff-([A-Za-z0-9][A-Za-z0-9_-]{0,63})\.json")
_GATE_FILE = re.compile(r"(?:.*/)?([a-z][a-z0-9_]{0,40})\.json")
T = TypeVar("T")


class Bundle(Struct, frozen=True, kw_only=True):
    """All that a run measured, in the order in which a report tells it.

    `against` are further diffs, by the environment whose versions they compare with.
    """

    evidence: tuple[Evidence, ...]
    diff: Diff | None = None
    against: Mapping[str, Diff] = field(default_factory=dict)

    @property
    def commit(self) -> str:
        """The commit that was measured."""
        return self.evidence[0].commit


def evidence_path(gate: str) -> str:
    """Where a gate's evidence lies."""
    return f"{EVIDENCE}/{gate}.json"


def write_evidence(files: Files, found: Evidence) -> None:
    """Leave one gate's evidence where the report and the registry look for it."""
    keep_from_git(files)
    files.write(evidence_path(found.gate), evidence.to_json(found).encode())


def write_diff(files: Files, diff: Diff) -> None:
    """Leave the whole diff beside the report."""
    files.write(DIFF, diff_json.to_json(diff).encode())


def write_against(files: Files, environment: str, diff: Diff) -> None:
    """Leave the diff with what runs in an environment."""
    files.write(f"{REPORT}/diff-{environment}.json", diff_json.to_json(diff).encode())


def write_flips(files: Files, model: str, flips: "Flips", rows: Rows) -> None:
    """Leave how many predictions flipped, and the ids of those rows where data may be shown.

    That is for the artifact, never for a comment; but anybody can fetch a public repository's artifacts.
    """
    found = {"lost": flips.lost, "won": flips.won, "other": flips.other}
    document: dict[str, JsonValue] = {
        "schema": 1,
        "model": model,
        "counts": {name: len(each) for name, each in found.items()},
    }
    if rows is Rows.SAMPLES:
        document["ids"] = {name: each.tolist() for name, each in found.items()}
    files.write(flips_path(model), dumps(document).encode())


def flips_path(model: str) -> str:
    """Where is told which of a model's rows flipped."""
    return f"{REPORT}/flipped-{model}.json"


def clear(files: Files) -> None:
    """Forget what an earlier run left, so that no old answer is taken for a new one."""
    keep_from_git(files)
    _clear(files, EVIDENCE)
    _clear(files, LOCK)
    clear_report(files)


def clear_report(files: Files) -> None:
    """Forget an earlier run's diffs and reports, which are of the commit that its evidence names."""
    _clear(files, REPORT)


def keep_from_git(files: Files) -> None:
    """What a run leaves is no change of the work tree, also where the project's own .gitignore lacks it."""
    if not files.exists(_IGNORED):
        files.write(_IGNORED, b"*\n")


def _clear(files: Files, directory: str) -> None:
    for path in files.list(directory) if files.exists(directory) else ():
        files.delete(path)


def read_bundle(files: Files) -> Bundle:
    """Return what a run left below a directory that holds `.mlci/`.

    Raises RefusedError when there is nothing, IntegrityError when it is not what a run leaves.
    """
    paths = list(files.list(EVIDENCE)) if files.exists(EVIDENCE) else []
    if not paths:
        raise RefusedError(
            f"there is no evidence in {EVIDENCE}", id="evidence-missing", help="mlci run leaves it there"
        )
    if len(paths) > MOST_GATES:
        raise _broken(EVIDENCE, f"{len(paths)} files, at most {MOST_GATES} are evidence")
    found = tuple(_read_evidence(files, path) for path in sorted(paths))
    if len({each.commit for each in found}) != 1:
        raise _broken(EVIDENCE, "it speaks of several commits")
    return Bundle(
        evidence=found,
        diff=_read_diff(files, DIFF) if files.exists(DIFF) else None,
        against=_read_against(files),
    )


def read_evidence(files: Files, gate: str) -> Evidence:
    """Return one gate's evidence. Raises RefusedError when it is missing, IntegrityError when broken."""
    path = evidence_path(gate)
    if not files.exists(path):
        raise RefusedError(f"there is no {path}", id="evidence-missing", help="mlci run leaves it there")
    return _read_evidence(files, path)


def _read_diff(files: Files, path: str) -> Diff:
    return _parsed(path, diff_json.from_json, files.read(path, limit=MOST_DIFF))


def _read_against(files: Files) -> dict[str, Diff]:
    named = [match for each in files.names(REPORT) if (match := _DIFF_FILE.fullmatch(each))]
    if len(named) > MOST_BASELINES:
        raise _broken(REPORT, f"{len(named)} diffs, at most {MOST_BASELINES} are made")
    return {match[1]: _read_diff(files, f"{REPORT}/{match[0]}") for match in named}


def _read_evidence(files: Files, path: str) -> Evidence:
    name = _GATE_FILE.fullmatch(path)
    if name is None:
        raise _broken(path, "no gate has that name")
    found = _parsed(path, evidence.from_json, files.read(path, limit=MOST_EVIDENCE))
    if found.gate != name[1]:
        raise _broken(path, f"it speaks of the gate {found.gate!r}")
    return found


def _parsed(path: str, parse: Callable[[bytes], T], content: bytes) -> T:
    try:
        return parse(content)
    except NotJson as error:
        raise _broken(path, str(error)) from error


def _broken(where: str, why: str) -> IntegrityError:
    return IntegrityError(
        f"this is not what a run leaves: {why}", id="evidence-broken", where=where, help="mlci run"
    )
