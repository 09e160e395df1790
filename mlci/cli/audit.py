"""`mlci audit`: one model's trail, from its first version on."""

import click

from mlci.cli.output import Output
from mlci.cli.verb import verb
from mlci.wiring import World


@verb("mlci audit income", "mlci audit income --json")
@click.argument("model")
def command(world: World, out: Output, model: str) -> None:
    """Print everything that happened to MODEL, and what was recorded with it."""
    from mlci.app.audit import audit
    from mlci.core.printable import printable_lines

    trail = audit(world.repository(), model)
    out.answer(trail.document(), printable_lines(trail.text()))
