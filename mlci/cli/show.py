"""`mlci show`: what a version is, and where it runs."""

import click

from mlci.cli import completing
from mlci.cli.output import Output
from mlci.cli.verb import verb
from mlci.wiring import World


@verb("mlci show income", "mlci show 'income#prod'", "mlci show income@v1.2.0 --json")
@click.argument("reference", shell_complete=completing.references)
def command(world: World, out: Output, reference: str) -> None:
    """Say what REFERENCE (MODEL, MODEL@VERSION or MODEL#ENVIRONMENT) is, and where it runs."""
    from mlci.app.dossier import dossier
    from mlci.app.show import show
    from mlci.render import terminal

    project = world.project()
    found = dossier(world.repository(), project.config, project.prefix, reference)
    for note in found.notes:
        out.note(note)
    if out.json:
        out.document(found.document())
    else:
        out.raw(terminal.page(show(found), width=out.width))
