"""`mlci verify`: whether a version still is what was registered."""

from typing import TYPE_CHECKING

import click

from mlci.cli import completing
from mlci.cli.output import Output, Tone
from mlci.cli.verb import option, verb
from mlci.wiring import World

if TYPE_CHECKING:
    from mlci.core.registry.proof import Proof


@verb("mlci verify income@v1.2.0", "mlci verify 'income#prod' --json", "mlci verify income --reproduce")
@click.argument("reference", shell_complete=completing.references)
@option("--allow-unproven", is_flag=True, help="End well even where something cannot be proven here.")
@option("--reproduce", is_flag=True, help="Run every stage of its commit anew and compare all outputs.")
def command(world: World, out: Output, reference: str, *, allow_unproven: bool, reproduce: bool) -> None:
    """Hold REFERENCE's tag, lock, journal and bytes against one another; exit 5 when they differ.

    What cannot be proven here (no journal, a tag that promises nothing) ends with 5 as well.
    """
    from pathlib import Path
    from tempfile import TemporaryDirectory

    from mlci.app.verify import settle, verify, withdrawn

    project = world.project()
    with TemporaryDirectory(prefix="mlci-") as scratch:
        found, proofs = verify(
            world.repository(),
            world.dvc(),
            world.files_at,
            Path(scratch),
            project.config,
            project.prefix,
            reference,
        )
    if found.caution:
        out.note(found.caution)
    gone = withdrawn(world.repository(), found)
    if reproduce:
        proofs = (*proofs, *_reproduced(world, found.commit))
    if out.json:
        out.document(
            {
                "model": found.model,
                "version": found.version,
                "commit": found.commit,
                "passed_over": list(found.passed_over),
                "withdrawn": gone or None,
                "proofs": [each.document() for each in proofs],
            }
        )
    else:
        words = {True: "kept", False: "BROKEN", None: "not provable"}
        out.table(("PROMISE", "IS", "WHY"), [(each.what, words[each.ok], each.why) for each in proofs])
        if gone:
            out.line(gone, Tone.CAUTION)
    settle(found, proofs, allow_unproven=allow_unproven)


def _reproduced(world: World, commit: str) -> "tuple[Proof, ...]":
    from mlci.app.reproduction import Workshop, reproduce

    project = world.project()
    shop = Workshop(
        git=world.repository(),
        dvc=world.dvc(),
        dvc_at=world.dvc_at,
        files_at=world.files_at,
        progress=world.progress,
        prefix=project.prefix,
        remote=project.config.remotes.read,
    )
    return reproduce(shop, commit)
