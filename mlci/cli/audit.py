"""`mlci audit`: one model's trail, from its first version on."""

from typing import TYPE_CHECKING

import click

from mlci.cli import completing
from mlci.cli.output import Output, Tone
from mlci.cli.verb import option, verb
from mlci.wiring import World

if TYPE_CHECKING:
    from mlci.app.audit import Filters, Trail

FORMATS = ("text", "html", "markdown")
EVENTS = ("register", "assign", "unassign", "deploy", "deregister", "deprecate")


@verb("mlci audit income", "mlci audit income --env prod --full", "mlci audit income --format html")
@click.argument("model", shell_complete=completing.models)
@option("--format", "form", type=click.Choice(FORMATS), default="text", help="How to tell it.")
@option("--full", is_flag=True, help="Show all that was recorded with each event.")
@option(
    "--env",
    "environment",
    metavar="ENV",
    help="Only what happened in this environment.",
    shell_complete=completing.environments,
)
@option("--version", metavar="VERSION", help="Only what happened to this version.")
@option("--event", type=click.Choice(EVENTS), help="Only events of this kind.")
@option("--since", metavar="DATE", help="Only what happened since, such as 2026-03.")
def command(
    world: World,
    out: Output,
    *,
    model: str,
    form: str,
    full: bool,
    environment: str | None,
    version: str | None,
    event: str | None,
    since: str | None,
) -> None:
    """Print everything that happened to MODEL, oldest first: one line an event."""
    from mlci.app.audit import audit
    from mlci.cli.declared import declared

    filters = _filters(environment, version, event, since)
    trail = audit(world.repository(), model, filters=filters, config=declared(world))
    if out.json:
        out.document(trail.document())
    elif form == "text" and not full:
        _tell(out, trail)
    else:
        out.raw(_rendered(trail, form, out.width))


def _filters(environment: str | None, version: str | None, event: str | None, since: str | None) -> "Filters":
    from mlci.app.audit import Filters
    from mlci.app.audit import since as beginning
    from mlci.app.promote import parsed
    from mlci.core.registry.journal import Kind

    return Filters(
        environment=environment,
        version=parsed(version) if version else None,
        event=Kind(event) if event else None,
        since=beginning(since) if since is not None else None,
    )


def _tell(out: Output, trail: "Trail") -> None:
    from mlci.app.audit_page import moment

    out.line(f"{trail.model}: {trail.state}", Tone.STRONG)
    rows = [
        (moment(each.happened.when), each.what, each.happened.actor or "-", each.how) for each in trail.steps
    ]
    out.table(("WHEN (UTC)", "WHAT", "BY", "WITH"), rows)
    for odd in trail.oddities:
        out.note(odd)


def _rendered(trail: "Trail", form: str, width: int) -> str:
    from mlci.app.audit_page import audit_page
    from mlci.render import html, markdown, terminal

    page = audit_page(trail)
    match form:
        case "html":
            return html.page(page)
        case "markdown":
            return markdown.page(page)
        case _:
            return terminal.page(page, width=width)
