"""`mlci reconcile`: make the registry say what the environment files on main say."""

from mlci.cli.output import Output, complain
from mlci.cli.verb import option, verb
from mlci.errors import Exit
from mlci.wiring import World


@verb("mlci reconcile --check", "mlci reconcile", "mlci reconcile --dry-run")
@option("--check", is_flag=True, help="Write nothing; exit 6 when something is to be done.")
@option("--dry-run", is_flag=True, help="Say what would be written and write nothing.")
@option("--prune", is_flag=True, help="Clear an environment whose file is empty or gone.")
def command(world: World, out: Output, check: bool, dry_run: bool, prune: bool) -> int:
    """Assign versions to environments as their files on the main branch ask for.

    Ends with 7 when a rule of the registry refuses a part of it; the rest is done.
    """
    from mlci.app.reconcile import reconcile
    from mlci.core.registry.environments import problems_of

    project = world.project()
    done = reconcile(
        world.ledger(),
        project.config,
        project.prefix,
        world.context(),
        prune=prune,
        write=not (check or dry_run),
    )
    lines = [f"{each.tag}: {each.intent.sentence}" for each in done.written]
    lines += [f"to do: {each}" for each in done.pending]
    lines += [f"warning: {each}" for each in done.warnings]
    if done.refusals:
        reasons = "; ".join(each.message for each in done.refusals)
        lines.append(f"{len(done.refusals)} refused: {reasons}")
    out.answer(done.document(), out.lines(lines or ["nothing to do"]))
    for problem in problems_of(done.refusals):
        complain(problem)
    if done.refusals:
        return Exit.REFUSED
    return Exit.DRIFT if check and done.pending else Exit.DONE
