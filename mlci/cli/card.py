"""`mlci card`: a version's model card."""

import click

from mlci.cli import completing
from mlci.cli.output import Output
from mlci.cli.verb import option, verb
from mlci.wiring import World


@verb("mlci card income@v1.2.0 > README.md", "mlci card 'income#prod' --format html > card.html")
@click.argument("reference", shell_complete=completing.references)
@option(
    "--format", "form", type=click.Choice(["markdown", "html"]), default="markdown", help="How to tell it."
)
def command(world: World, out: Output, reference: str, form: str) -> None:
    """Write the model card of REFERENCE: MODEL_CARD.md joined with what was measured."""
    from mlci.app.card import card
    from mlci.app.dossier import dossier

    project = world.project()
    git = world.repository()
    found = dossier(git, project.config, project.prefix, reference)
    made = card(git, project.config, project.prefix, found)
    for note in found.notes:
        out.note(note)
    if out.json:
        out.document(made.header)
    else:
        out.raw(made.html() if form == "html" else made.markdown())
