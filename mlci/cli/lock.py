"""`mlci lock`: a `dvc.lock` that a merge left in conflict, or that CI made."""

import os
import posixpath
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mlci.cli.output import Output
from mlci.cli.verb import verb, verbs
from mlci.errors import Exit
from mlci.wiring import World

if TYPE_CHECKING:
    from mlci.app.lock import Resolved
    from mlci.core.strictjson import JsonValue


@verb("mlci lock resolve", "mlci lock resolve --dry-run", "mlci lock resolve --no-repro")
@click.option("--no-repro", "keep", is_flag=True, help="Only write the lock; run nothing.")
@click.option("--dry-run", is_flag=True, help="Say what would be taken, and write nothing.")
def resolve(world: World, out: Output, keep: bool, dry_run: bool) -> int:
    """Take both sides of a conflict in dvc.lock, stage by stage, and reproduce what neither side made.

    Ends with 6 while a stage is left to run.
    """
    from mlci.app.lock import resolve as resolved

    ground = world.ground()
    top = world.dvc_root().relative_to(world.repository().root).as_posix()
    found = resolved(ground, world.repository(), top="" if top == "." else top)
    if not dry_run:
        ground.root.apply(found.plan)
    run = not dry_run and not keep
    left = bool(found.running) and not (run and _reproduced(world, out, found))
    value: dict[str, JsonValue] = {
        "stages": [
            {"stage": each.stage, "side": each.side.value, "runs": each.runs} for each in found.choices
        ],
        "left": left,
    }
    fate = "to run" if left else "ran"
    rows = [(each.stage, each.side.value, fate if each.runs else "") for each in found.choices]
    if out.json:
        out.document(value)
    else:
        out.table(("stage", "taken from", ""), rows)
    if dry_run:
        out.note("then: mlci lock resolve")
        return Exit.DRIFT if left else Exit.DONE
    locks = [each.path for each in found.plan.files]
    _say_what_to_add(world, out, [posixpath.join(top, each) for each in locks], left=left)
    return Exit.DRIFT if left else Exit.DONE


def _say_what_to_add(world: World, out: Output, locks: Sequence[str], *, left: bool) -> None:
    """Name what settles the merge: the locks, and every other path that Git calls unmerged."""
    git = world.repository()
    settled = [os.path.normpath(each) for each in locks]
    others = [each for each in git.unmerged() if each not in settled]
    if others:
        out.note(f"Git calls these unmerged too; look at each before you add it: {', '.join(others)}")
    paths = (os.path.relpath(git.root / each, world.directory) for each in (*settled, *others))
    added = f"git add {' '.join(map(shlex.quote, paths))}"
    out.note(f"then: mlci run, dvc push, {added}" if left else f"then: {added}")


def _reproduced(world: World, out: Output, found: "Resolved") -> bool:
    """Run what neither side made; whether that went well."""
    from mlci.app.reproduce import reproduce
    from mlci.core.finding import Verdict

    evidence = reproduce(
        config=world.project().config,
        context=world.context(),
        commit="",
        ground=world.ground(),
        stages=found.running,
    )
    for each in evidence.findings:
        out.note(each.message)
    return evidence.verdict is not Verdict.FAILED


@verb("mlci lock apply --from-artifact artifact", "mlci lock apply --from-artifact artifact --dry-run")
@click.option(
    "--from-artifact",
    "artifact",
    type=click.Path(file_okay=False, exists=True, path_type=Path),
    metavar="DIR",
    required=True,
    help="What a CI job left, downloaded to DIR.",
)
@click.option("--dry-run", is_flag=True, help="Say what would be written, and write nothing.")
def apply(world: World, out: Output, artifact: Path, dry_run: bool) -> None:
    """Take the dvc.lock that a CI job made for the commit that is checked out, so that you can commit it.

    Only files that this commit's own dvc.yaml leaves to Git are written.
    """
    from mlci.app.handed import handed, nothing_handed

    ground, head = world.ground(), world.repository().resolve("HEAD") or ""
    project = world.project()
    place = world.evidence(artifact)
    found = handed(ground, place, head, world.repository(), project.config, project.prefix)
    if not found.plan.files:
        raise nothing_handed(place)
    if not dry_run:
        ground.project.apply(found.plan)
    rows = [(each.path, each.change.value) for each in found.plan.files]
    value: dict[str, JsonValue] = {
        "commit": found.commit,
        "files": [{"path": path, "change": change} for path, change in rows],
        "left": [*found.left],
        "written": not dry_run,
    }
    if out.json:
        out.document(value)
    else:
        out.table(("file", "change"), rows)
    for each in found.left:
        out.note(f"not taken: {each}")
    changed = " ".join(shlex.quote(each.path) for each in found.plan.pending)
    if changed and not dry_run:
        data = f"; its data: dvc pull --remote {shlex.quote(found.remote)}" if found.remote else ""
        out.note(f"look at it first: git diff; then: git add {changed} && git commit{data}")


resolve.name, apply.name = "resolve", "apply"
command = verbs("Resolve conflicts in dvc.lock, or take the one that CI made.", resolve, apply)
