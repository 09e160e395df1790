"""`mlci promote`: ask for a version in an environment."""

from typing import TYPE_CHECKING

import click

from mlci.cli import completing
from mlci.cli.output import Output, complain
from mlci.cli.verb import option, verb
from mlci.errors import Exit, UsageError
from mlci.wiring import World

if TYPE_CHECKING:
    from mlci.core.report import Report

FORMATS = ("terminal", "markdown", "html")


@verb("mlci promote income --to prod", "mlci promote income@v1.4.0 --to prod", "mlci promote --check")
@click.argument("what", required=False, metavar="[MODEL[@VERSION]]", shell_complete=completing.versions)
@option(
    "--to",
    "environment",
    metavar="ENV",
    help="The environment that should run it.",
    shell_complete=completing.environments,
)
@option("--pull-request", is_flag=True, help="Push a branch from main and open its pull request.")
@option(
    "--check",
    is_flag=True,
    help="Judge what this branch asks for; exit 7 when it is not allowed, 5 when a promise is broken.",
)
@option("--format", "form", type=click.Choice(FORMATS), default="terminal", help="How --check tells it.")
@option("--dry-run", is_flag=True, help="Say what would change and write nothing.")
def command(
    world: World,
    out: Output,
    *,
    what: str | None,
    environment: str | None,
    pull_request: bool,
    check: bool,
    form: str,
    dry_run: bool,
) -> int:
    """Write into the environment's file what it should run; merging that line is the promotion."""
    if check:
        return _check(world, out, form)
    if what is None or environment is None:
        raise UsageError(
            "say what to promote, and where to", id="usage", help="mlci promote MODEL[@VERSION] --to ENV"
        )
    from mlci.app.promote import promote
    from mlci.cli.asking import finish

    project = world.project()
    model, _, version = what.partition("@")
    asked = promote(
        world.ledger(),
        project.config,
        project.prefix,
        None if pull_request else world.files(),
        model=model,
        version=version or None,
        to=environment,
    )
    finish(world, out, asked, pull_request=pull_request, write=not dry_run)
    return Exit.DONE


def _check(world: World, out: Output, form: str) -> int:
    from mlci.app.promotion_check import check
    from mlci.app.promotion_report import promotion_report
    from mlci.core.context import Trigger
    from mlci.core.registry.environments import problems_of
    from mlci.render import markdown

    project, context = world.project(), world.context()
    head = context.head or world.repository().resolve("HEAD") or ""
    here = world.files() if context.trigger is Trigger.LOCAL else None
    found = check(world.ledger(), project.config, project.prefix, head, world.dvc(), here)
    report = promotion_report(found, project=project.config.project)
    if out.json:
        out.document(found.document())
    else:
        out.raw(_rendered(report, form, out))
    if found.changed and world.summary.room:
        world.summary.append(markdown.render(report, limit=world.summary.room))
    for problem in problems_of(found.refusals):
        complain(problem)
    return found.exit


def _rendered(report: "Report", form: str, out: Output) -> str:
    from mlci.render import html, markdown, terminal

    match form:
        case "markdown":
            return markdown.render(report)
        case "html":
            return html.render(report)
        case _:
            return terminal.render(report, width=out.width, paint=out.painted)
