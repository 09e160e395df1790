"""`mlci promote`: ask for a version in an environment."""

import click

from mlci.cli.output import Output, complain
from mlci.cli.verb import verb
from mlci.errors import Exit, UsageError
from mlci.wiring import World


@verb("mlci promote income --to prod", "mlci promote income@v1.4.0 --to prod", "mlci promote --check")
@click.argument("what", required=False, metavar="[MODEL[@VERSION]]")
@click.option("--to", "environment", metavar="ENV", help="The environment that should run it.")
@click.option("--check", is_flag=True, help="Judge what this branch asks for; exit 7 when it is not allowed.")
@click.option("--dry-run", is_flag=True, help="Say what would change and write nothing.")
def command(
    world: World, out: Output, what: str | None, environment: str | None, check: bool, dry_run: bool
) -> int:
    """Write into the environment's file what it should run; merging that line is the promotion."""
    if check:
        return _check(world, out)
    if what is None or environment is None:
        raise UsageError(
            "say what to promote, and where to", id="usage", help="mlci promote MODEL[@VERSION] --to ENV"
        )
    from mlci.app.promote import promote, told

    project = world.project()
    model, _, version = what.partition("@")
    asked = promote(
        world.ledger(),
        project.config,
        project.prefix,
        world.files(),
        model=model,
        version=version or None,
        to=environment,
    )
    if not dry_run:
        world.files().apply(asked.plan)
    out.answer(asked.document(), out.lines(told(asked)))
    return Exit.DONE


def _check(world: World, out: Output) -> int:
    from mlci.app.promote import check
    from mlci.core.environments import problems_of

    project = world.project()
    head = world.context().head or world.repository().resolve("HEAD") or ""
    found = check(world.ledger(), project.config, project.prefix, head)
    lines = [f"merging would {each}" for each in found.changes]
    out.answer(found.document(), out.lines(lines or ["no environment would change"]))
    for problem in problems_of(found.refusals):
        complain(problem)
    return Exit.REFUSED if found.refusals else Exit.DONE
