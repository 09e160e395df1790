"""`run`: what CI does for a commit: reproduce, test, compare, report."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from mlci import __version__
from mlci.app.baselines import against_environments
from mlci.app.bundle import Bundle, clear, write_against, write_diff, write_evidence, write_flips
from mlci.app.commit import PARTIAL, UNCOMMITTED, commit_under_test, occasion_of
from mlci.app.diff import Compared, DiffRequest, compared
from mlci.app.judged import judged
from mlci.app.owed import owing
from mlci.app.plan import Asked, plan
from mlci.app.project import Project
from mlci.app.report import Reported, report, summarize, write_report
from mlci.app.reproduce import reproduce
from mlci.app.same_tree import uncommitted
from mlci.app.stages.ground import Ground
from mlci.app.test import test
from mlci.core.context import RunContext
from mlci.core.diff import Diff, Occasion
from mlci.core.evidence import DIFF, Evidence
from mlci.core.finding import Verdict
from mlci.core.strictjson import JsonValue
from mlci.gates import Hands
from mlci.ports.dvc import Dvc
from mlci.ports.git import Git
from mlci.ports.summary import Summary


class Place(Struct, frozen=True, kw_only=True):
    """The project that is run, why, and the hands to do it with."""

    project: Project
    context: RunContext
    git: Git
    dvc: Dvc
    ground: Ground
    hands: Hands
    summary: Summary
    dvc_at: Callable[[Path], Dvc] | None = None


def run(place: Place, *, stages: Sequence[str] = ()) -> Reported:
    """Do for this commit what CI does, and leave evidence and report in `.mlci/`.

    With `stages`, only these and what they stand on are reproduced, and nothing is judged by them.
    """
    if stages:
        plan(
            place.ground, Asked(targets=tuple(stages), offline=True)
        )  # a stage that nobody knows is told first
    clear(place.hands.files)
    occasion = occasion_of(place.context)
    pipeline = _reproduced(place, stages)
    if pipeline.verdict is Verdict.FAILED or stages:
        return _told(place, Bundle(evidence=(pipeline,)), occasion)
    tested = test(place.project, (), place.hands, context=place.context, commit=pipeline.commit)
    request = _request(place)
    found, against = _compared(place, request)
    of_change = Evidence(
        gate=DIFF,
        commit=pipeline.commit,
        findings=judged(request, found.diff, lambda: place.hands, occasion, beside=tested.evidence),
        figures=_uncommitted(place, pipeline.commit),
        tools={"mlci": __version__},
    )
    write_evidence(place.hands.files, of_change)
    _leave(place, found, against)
    evidence = (of_change, *tested.evidence, pipeline)
    return _told(place, Bundle(evidence=evidence, diff=found.diff, against=against), occasion)


def _reproduced(place: Place, stages: Sequence[str]) -> Evidence:
    found = reproduce(
        config=place.project.config,
        context=place.context,
        commit=commit_under_test(place.context, place.git),
        ground=place.ground,
        stages=stages,
    )
    # A reproduction may have changed what is committed: only now can it be said what was measured.
    commit = commit_under_test(place.context, place.git)
    found = replace(
        found,
        commit=commit + PARTIAL if stages else commit,
        figures={**found.figures, **owing(place.project.config), **_uncommitted(place, commit)},
    )
    write_evidence(place.hands.files, found)
    return found


def _uncommitted(place: Place, commit: str) -> dict[str, JsonValue]:
    """How what was measured differs from its commit, so that it is known again once it is committed."""
    if not commit.endswith(UNCOMMITTED):
        return {}
    return uncommitted(place.git, place.hands.files, place.project.prefix)


def _request(place: Place) -> DiffRequest:
    return DiffRequest(
        config=place.project.config,
        prefix=place.project.prefix,
        context=place.context,
        git=place.git,
        files=place.hands.files,
        tables=place.hands.tables,
        dvc=place.dvc,
        user_python=place.hands.user_python,
        dvc_at=place.dvc_at,
    )


def _compared(place: Place, request: DiffRequest) -> tuple[Compared, Mapping[str, Diff]]:
    place.hands.progress.step("comparing with the base")
    found = compared(request)
    against = against_environments(request, found.diff)
    place.hands.progress.done()
    return found, against


def _leave(place: Place, found: Compared, against: Mapping[str, Diff]) -> None:
    files = place.hands.files
    write_diff(files, found.diff)
    for environment, each in against.items():
        write_against(files, environment, each)
    for model, flips in found.flips.items():
        write_flips(files, model, flips, place.project.config.report.rows)


def _told(place: Place, bundle: Bundle, occasion: Occasion) -> Reported:
    reported = report(bundle, place.project.config, occasion)
    write_report(place.hands.files, reported)
    summarize(place.summary, reported)
    return reported
