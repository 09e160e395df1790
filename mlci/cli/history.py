"""`mlci history`: what happened in the registry."""

import click

from mlci.cli import completing
from mlci.cli.output import Output
from mlci.cli.verb import option, verb
from mlci.wiring import World


@verb("mlci history", "mlci history income --env prod", "mlci history --json")
@click.argument("model", required=False, shell_complete=completing.models)
@option(
    "--env",
    "environment",
    metavar="ENV",
    help="Only what happened in this environment.",
    shell_complete=completing.environments,
)
def command(world: World, out: Output, model: str | None, environment: str | None) -> None:
    """List the registry's events, newest first."""
    from mlci.app.history import history
    from mlci.cli.declared import declared
    from mlci.core.registry.fold import shown

    events = history(world.repository(), name=model, environment=environment, config=declared(world))
    if out.json:
        out.document({"events": [each.document() for each in events]})
        return
    head = ("WHEN", "MODEL", "EVENT", "VERSION", "ENVIRONMENT", "BY", "COMMIT")
    rows = [
        (
            each.when[:19],
            each.model,
            each.named,
            shown(each.version),
            each.environment,
            each.actor,
            each.commit[:10],
        )
        for each in events
    ]
    out.table(head, rows)
