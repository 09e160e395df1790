"""`mlci deploy`: run an environment's own deploy command for what it was given."""

import click

from mlci.cli import completing
from mlci.cli.output import Output
from mlci.cli.verb import option, verb
from mlci.errors import UsageError, WorldError
from mlci.wiring import World


@verb("mlci deploy staging", "mlci deploy --tag 'income#prod#7'", "mlci deploy prod --dry-run")
@click.argument("environment", required=False, metavar="[ENV]", shell_complete=completing.environments)
@option("--tag", metavar="TAG", help="The assignment that started this; a newer one wins.")
@option("--dry-run", is_flag=True, help="Say what would run and run nothing.")
def command(world: World, out: Output, environment: str | None, tag: str | None, dry_run: bool) -> None:
    """Deploy the versions an environment was given last; what is deployed already is left alone.

    The environment is ENV, or with --tag that of the assignment. Ends with 3 when a deployment fails.
    """
    from mlci.app.deploy import deploy, target_of

    if (environment is None) == (tag is None):
        raise UsageError("name an environment, or an assignment's tag", id="usage", help="mlci deploy ENV")
    place, model = target_of(tag) if tag else (environment or "", None)
    project = world.project()
    ended = deploy(
        world.ledger(),
        project.config,
        project.prefix,
        project.directory,
        world.process,
        world.progress,
        world.context(),
        environment=place,
        model=model,
        tag=tag,
        run=not dry_run,
    )
    lines = [each.line for each in ended] or [f"{place} was given nothing yet"]
    out.answer({"deployments": [each.document() for each in ended]}, out.lines(lines))
    if failed := [each for each in ended if not each.ok]:
        names = ", ".join(f"{each.resolved.model} {each.resolved.version}" for each in failed)
        raise WorldError(
            f"deploying {names} to {place} failed",
            id="deploy-failed",
            where=f"mlci.yaml: environments.{place}.deploy",
            help=f"mlci deploy {place}, once the cause is mended",
        )
