"""`mlci rollback`: prepare the change that brings back what ran before."""

import click

from mlci.cli import completing
from mlci.cli.output import Output
from mlci.cli.verb import option, verb
from mlci.wiring import World


@verb("mlci rollback prod income", "mlci rollback prod income --to v1.3.0")
@click.argument("environment", metavar="ENV", shell_complete=completing.environments)
@click.argument("model", shell_complete=completing.models)
@option("--to", "version", metavar="VERSION", help="Another version than the one before.")
@option("--pull-request", is_flag=True, help="Push a branch from main and open its pull request.")
@option("--dry-run", is_flag=True, help="Say what would change and write nothing.")
def command(
    world: World,
    out: Output,
    *,
    environment: str,
    model: str,
    version: str | None,
    pull_request: bool,
    dry_run: bool,
) -> None:
    """Write into the environment's file what it ran before; merging that line is the rollback."""
    from mlci.app.rollback import rollback
    from mlci.cli.asking import finish

    project = world.project()
    asked = rollback(
        world.ledger(),
        project.config,
        project.prefix,
        None if pull_request else world.files(),
        environment=environment,
        model=model,
        version=version,
    )
    finish(world, out, asked, pull_request=pull_request, write=not dry_run)
