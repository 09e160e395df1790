"""`mlci report`: what the last run found, in the format that is asked for."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from mlci.cli.output import Output
from mlci.cli.verb import verb
from mlci.wiring import World

if TYPE_CHECKING:
    from mlci.core.evidence import Evidence
    from mlci.core.report import Report

FORMATS = ("terminal", "markdown", "html", "junit")


@verb("mlci report", "mlci report --format markdown", "mlci report --json")
@click.option("--format", "form", type=click.Choice(FORMATS), default="terminal", help="How to tell it.")
@click.option(
    "--from-artifact",
    "artifact",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Read what another job's run left in DIR, as data.",
)
@click.option("--promotion", is_flag=True, help="Judge as main does before a version is registered.")
def command(world: World, out: Output, form: str, artifact: Path | None, promotion: bool) -> None:
    """Tell what the last `mlci run` found, without running anything again."""
    from mlci.app.admission import missing_from
    from mlci.app.bundle import read_bundle
    from mlci.app.commit import settled
    from mlci.app.report import occasion_of, report
    from mlci.core.diff import Occasion

    bundle = read_bundle(world.evidence(artifact))
    config = world.project().config
    context = settled(world.context(), world.repository(), config)
    occasion = Occasion.PROMOTION if promotion else occasion_of(context)
    reported = report(bundle, project=config.project, occasion=occasion, missing=missing_from(bundle, config))
    if out.json:
        out.document(reported.document)
    else:
        out.raw(_rendered(reported.report, reported.bundle.evidence, form, out))


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
            return terminal.render(report, paint=out.painted)
