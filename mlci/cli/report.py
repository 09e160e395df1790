"""`mlci report`: what the last run found, in the format that is asked for."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from mlci.cli.output import Output
from mlci.cli.verb import option, verb
from mlci.errors import Exit
from mlci.wiring import World

if TYPE_CHECKING:
    from mlci.core.evidence import Evidence
    from mlci.core.report import Report

FORMATS = ("terminal", "markdown", "html", "junit")


@verb("mlci report", "mlci report --format markdown", "mlci report --gate")
@option("--format", "form", type=click.Choice(FORMATS), default="terminal", help="How to tell it.")
@option(
    "--from-artifact",
    "artifact",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Read what another job's run left in DIR, as data.",
)
@option("--promotion", is_flag=True, help="Judge as main does before a version is registered.")
@option("--gate", is_flag=True, help="End with 10 when the verdict is red, or only a part was run.")
def command(world: World, out: Output, form: str, artifact: Path | None, promotion: bool, gate: bool) -> int:
    """Tell what the last `mlci run` found, without running anything again.

    It says so where that was another commit than HEAD, and with --gate it refuses it.
    """
    from mlci.app.bundle import read_bundle
    from mlci.app.commit import is_as_measured, occasion_of, outdated, settled
    from mlci.app.report import failed, refuse_stale, report
    from mlci.core.diff import Occasion

    bundle = read_bundle(world.evidence(artifact))
    project, git = world.project(), world.repository()
    config = project.config
    context = settled(world.context(), git, config)
    same = artifact is None and is_as_measured(bundle, context, git, world.files(), project.prefix)
    stale = "" if same else outdated(bundle.commit, context, git, tree=artifact is None, sure=gate)
    reported = report(bundle, config, Occasion.PROMOTION if promotion else occasion_of(context), stale=stale)
    if gate:
        refuse_stale(reported)
    if gate and reported.partial:
        out.note("only some stages were run, which decides nothing, so the gate stays shut: mlci run")
    if out.json:
        out.document(reported.document)
    else:
        out.raw(_rendered(reported.report, reported.bundle.evidence, form, out))
    return Exit.RED if gate and (failed(reported) or reported.partial) else Exit.DONE


def _rendered(report: "Report", evidence: "tuple[Evidence, ...]", form: str, out: Output) -> str:
    from mlci.render import html, junit, markdown, terminal

    match form:
        case "markdown":
            return markdown.render(report)
        case "html":
            return html.render(report)
        case "junit":
            return junit.render(evidence)
        case _:
            return terminal.render(report, width=out.width, paint=out.painted)
