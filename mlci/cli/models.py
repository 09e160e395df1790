"""`mlci models`: what stands in the registry."""

import click

from mlci.cli.output import Output
from mlci.cli.verb import verb
from mlci.wiring import World


@verb("mlci models", "mlci models income --json", "mlci models --all")
@click.argument("model", required=False)
@click.option("--all", "everything", is_flag=True, help="Show deprecated models too.")
def command(world: World, out: Output, model: str | None, everything: bool) -> None:
    """List models, their latest version and what each environment runs."""
    from mlci.app.models import models

    found = models(world.repository(), name=model, all=everything)
    if out.json:
        out.document(found.document())
        return
    head = ("MODEL", "LATEST", *(f"#{each}" for each in found.stages))
    rows = [
        (each.model, each.latest or "-", *(each.runs.get(stage, "-") for stage in found.stages))
        for each in found.rows
    ]
    out.table(head, rows)
    for odd in found.told:
        out.note(f"{odd.tag}: {odd.message} [{odd.kind.value}]")
