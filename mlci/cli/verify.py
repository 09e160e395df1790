"""`mlci verify`: whether a version still is what was registered."""

import click

from mlci.cli.output import Output
from mlci.cli.verb import verb
from mlci.errors import IntegrityError
from mlci.wiring import World


@verb("mlci verify income@v1.2.0", "mlci verify 'income#prod' --json")
@click.argument("reference")
def command(world: World, out: Output, reference: str) -> None:
    """Hold REFERENCE's tag, lock, journal and bytes against one another; exit 5 when they differ."""
    from pathlib import Path
    from tempfile import TemporaryDirectory

    from mlci.adapters.files import FileTree
    from mlci.app.verify import verify

    project = world.project()
    with TemporaryDirectory(prefix="mlci-") as scratch:
        found, proofs = verify(
            world.repository(),
            world.dvc(),
            FileTree,
            Path(scratch),
            project.config,
            project.prefix,
            reference,
        )
    if out.json:
        what = {"model": found.model, "version": found.version, "commit": found.commit}
        out.document({**what, "proofs": [each.document() for each in proofs]})
    else:
        words = {True: "kept", False: "BROKEN", None: "not provable"}
        out.table(("PROMISE", "IS", "WHY"), [(each.what, words[each.ok], each.why) for each in proofs])
    if broken := [each.what for each in proofs if each.ok is False]:
        raise IntegrityError(
            f"{found.model} {found.version} is not what was registered: {', '.join(broken)}",
            id="version-broken",
            where=found.tag,
            help="stop using it: mlci rollback ENV MODEL, then find out who changed it",
        )
