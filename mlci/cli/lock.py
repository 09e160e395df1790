"""`mlci lock`: a `dvc.lock` that a merge left in conflict, or that CI made."""

import os
import posixpath
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mlci.cli.output import Output
from mlci.cli.verb import option, verb, verbs
from mlci.errors import Exit
from mlci.wiring import World

if TYPE_CHECKING:
    from mlci.app.handed import Handed
    from mlci.app.lock import Resolved
    from mlci.core.strictjson import JsonValue


@verb("mlci lock resolve", "mlci lock resolve --dry-run", "mlci lock resolve --no-repro")
@option("--no-repro", "keep", is_flag=True, help="Only write the lock; run nothing.")
@option("--dry-run", is_flag=True, help="Say what would be taken, and write nothing.")
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


@verb(
    "mlci lock apply --from-artifact artifact",
    "mlci lock apply --from-artifact artifact --dry-run",
    "mlci lock apply --from-artifact artifact --push",
)
@option(
    "--from-artifact",
    "artifact",
    type=click.Path(file_okay=False, exists=True, path_type=Path),
    metavar="DIR",
    required=True,
    help="What a CI job left, downloaded to DIR.",
)
@option("--push", is_flag=True, help="Commit it to its branch on origin; nothing changes here.")
@option("--dry-run", is_flag=True, help="Say what would be written, and write nothing.")
def apply(world: World, out: Output, artifact: Path, push: bool, dry_run: bool) -> None:
    """Take the dvc.lock that a CI job made for the commit that is checked out, so that you can commit it.

    Only files that this commit's own dvc.yaml leaves to Git are written. With --push, which CI uses, they are
    committed to the pull request's branch, unless somebody pushed there meanwhile.
    """
    from mlci.app.handed import handed, nothing_handed

    ground, git, project = world.ground(), world.repository(), world.project()
    place = world.evidence(artifact)
    found = handed(ground, place, git.resolve("HEAD") or "", git, project.config, project.prefix)
    if push:
        _push(world, out, found, dry_run=dry_run)
        return
    if not found.plan.files:
        raise nothing_handed(place)
    if not dry_run:
        ground.project.apply(found.plan)
    _say_what_is_taken(out, found, {"written": not dry_run})
    changed = " ".join(shlex.quote(each.path) for each in found.plan.pending)
    if changed and not dry_run:
        data = f"; its data: dvc pull --remote {shlex.quote(found.remote)}" if found.remote else ""
        out.note(f"look at it first: git diff; then: git add {changed} && git commit{data}")


def _push(world: World, out: Output, found: "Handed", *, dry_run: bool) -> None:
    from mlci.app.deliver import branch_for, deliver

    git, context, project = world.repository(), world.context(), world.project()
    branch = branch_for(context, git, project.config)
    made, left = None, ""
    if found.plan.pending and not dry_run:
        left = world.after_push()
        made = deliver(found, branch, git=git, clock=world.clock, context=context, prefix=project.prefix)
    _say_what_is_taken(out, found, {"branch": branch, "pushed": made})
    if made:
        out.note(f"committed to {branch} as {made[:10]}")
    elif not found.plan.pending:
        out.note("nothing to commit: the artifact brings no other lock than this commit's")
    if left:
        out.note(left)


def _say_what_is_taken(out: Output, found: "Handed", done: "Mapping[str, JsonValue]") -> None:
    rows = [(each.path, each.change.value) for each in found.plan.files]
    if out.json:
        files: list[JsonValue] = [{"path": path, "change": change} for path, change in rows]
        out.document({"commit": found.commit, "files": files, "left": [*found.left], **done})
    elif rows:
        out.table(("file", "change"), rows)
    for each in found.left:
        out.note(f"not taken: {each}")


resolve.name, apply.name = "resolve", "apply"
command = verbs("Resolve conflicts in dvc.lock, or take the one that CI made.", resolve, apply)
