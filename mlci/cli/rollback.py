"""`mlci rollback`: prepare the change that brings back what ran before."""

import click

from mlci.cli.output import Output
from mlci.cli.verb import verb
from mlci.wiring import World


@verb("mlci rollback prod income", "mlci rollback prod income --to v1.3.0")
@click.argument("environment", metavar="ENV")
@click.argument("model")
@click.option("--to", "version", metavar="VERSION", help="Another version than the one before.")
@click.option("--dry-run", is_flag=True, help="Say what would change and write nothing.")
def command(
    world: World, out: Output, environment: str, model: str, version: str | None, dry_run: bool
) -> None:
    """Write into the environment's file what it ran before; merging that line is the rollback."""
    from mlci.app.promote import told
    from mlci.app.rollback import rollback

    project = world.project()
    asked = rollback(
        world.ledger(),
        project.config,
        project.prefix,
        world.files(),
        environment=environment,
        model=model,
        version=version,
    )
    if not dry_run:
        world.files().apply(asked.plan)
    out.answer(asked.document(), out.lines(told(asked)))
