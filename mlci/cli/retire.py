"""`mlci retire`: take a version, or a whole model, out of service."""

import click

from mlci.cli import completing
from mlci.cli.output import Output
from mlci.cli.verb import option, verb
from mlci.wiring import World


@verb("mlci retire income@v1.2.0 --reason 'trained on wrong labels'", "mlci retire income --reason replaced")
@click.argument("what", metavar="MODEL[@VERSION]", shell_complete=completing.versions)
@option("--reason", required=True, metavar="TEXT", help="Why; kept in the tag.")
@option("--dry-run", is_flag=True, help="Say what would be written and write nothing.")
def command(world: World, out: Output, what: str, reason: str, dry_run: bool) -> None:
    """Withdraw a version, or deprecate a model, that no environment runs any more."""
    from mlci.app.promote import name_of
    from mlci.app.retire import leave_page, retire

    project = world.project()
    model, _, version = what.partition("@")
    written, pending = retire(
        world.ledger(),
        project.config,
        project.prefix,
        world.context(),
        model=model,
        version=version or None,
        reason=reason,
        write=not dry_run,
    )
    tags, plans = [each.tag for each in written], [each.sentence for each in pending]
    lines = [f"wrote {each}" for each in tags] + [f"would {each}" for each in plans]
    if written:
        name = name_of(project.config, project.prefix, model)
        lines.append(f"its whole trail: {leave_page(world.files(), world.repository(), name)}")
    already = not (tags or plans)
    lines = lines or [f"{what} was withdrawn already: mlci audit {model} tells when and why"]
    out.answer({"written": [*tags], "pending": [*plans], "already": already}, out.lines(lines))
