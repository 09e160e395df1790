"""`mlci lock`: what a merge leaves of `dvc.lock`."""

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
    rows = [(each.stage, each.side.value, "to run" if each.runs else "") for each in found.choices]
    if out.json:
        out.document(value)
    else:
        out.table(("stage", "taken from", ""), rows)
    out.note("then: git add dvc.lock" if not left else "then: mlci run, dvc push, git add dvc.lock")
    return Exit.DRIFT if left else Exit.DONE


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


resolve.name = "resolve"
command = verbs("Resolve conflicts in dvc.lock.", resolve)
