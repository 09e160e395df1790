"""`mlci models`: what stands in the registry."""

from typing import TYPE_CHECKING

import click

from mlci.cli import completing
from mlci.cli.output import Output
from mlci.cli.verb import option, verb
from mlci.wiring import World

if TYPE_CHECKING:
    from mlci.app.models import Models


@verb("mlci models", "mlci models income --json", "mlci models --all")
@click.argument("model", required=False, shell_complete=completing.models)
@option("--all", "everything", is_flag=True, help="Show deprecated models too.")
def command(world: World, out: Output, model: str | None, everything: bool) -> None:
    """List models, their latest version and what each environment runs; of MODEL, every version."""
    git = world.repository()
    git.prepare()
    tags = git.tags(messages=False)  # Git reads them while we load what understands them
    from mlci.app.models import models
    from mlci.cli.declared import declared

    config = declared(world) if model else None  # only a name can be wrong
    found = models(git, tags, name=model, all=everything, config=config)
    if out.json:
        out.document(found.document())
        return
    head = ("MODEL", "LATEST", *(f"#{each}" for each in found.stages))
    rows = [
        (each.model, each.newest, *(each.running(stage) for stage in found.stages)) for each in found.rows
    ]
    out.table(head, rows)
    if model:
        _tell_versions(out, found)
    for odd in found.told:
        out.note(f"{odd.tag}: {odd.message} [{odd.kind.value}]")


def _tell_versions(out: Output, found: "Models") -> None:
    from mlci.app.audit_page import moment

    for row in found.rows:
        versions = [
            (each.marked, moment(each.registered), ", ".join(each.runs) or "-", each.release.commit[:10])
            for each in row.versions
        ]
        out.line()
        out.table((f"VERSIONS OF {row.model}", "REGISTERED (UTC)", "RUNS IN", "COMMIT"), versions)
