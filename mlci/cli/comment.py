"""`mlci comment`: the report as the pull request's one comment."""

from pathlib import Path

import click

from mlci.cli.output import Output
from mlci.cli.verb import option, verb
from mlci.wiring import World


@verb("mlci comment", "mlci comment --from-artifact artifact --dry-run")
@option(
    "--from-artifact",
    "artifact",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Read what another job's run left in DIR, as data.",
)
@option(
    "--number", type=click.IntRange(min=1), metavar="N", help="The pull request, when it cannot be found."
)
@option("--dry-run", is_flag=True, help="Print the comment and post nothing.")
def command(world: World, out: Output, artifact: Path | None, number: int | None, dry_run: bool) -> None:
    """Post the report on its pull request, or update the one that stands there.

    At a desk that is the pull request of HEAD; evidence of another commit is refused.
    """
    from mlci.app.bundle import read_bundle
    from mlci.app.comment import comment, told
    from mlci.app.commit import located
    from mlci.app.report import report
    from mlci.app.stranger import told_here
    from mlci.core.diff import Occasion

    project, context = world.project(), located(world.context(), world.repository)
    bundle = read_bundle(world.evidence(artifact))
    if artifact is not None:
        today = world.clock.now().date()
        bundle = told_here(bundle, context, world.repository(), world.files(), project.prefix, today=today)
    reported = report(bundle, project.config, Occasion.PULL_REQUEST)
    done = comment(reported, forge=world.forge, context=context, number=number, dry_run=dry_run)
    result = done.result
    document = {
        "number": done.number,
        "posted": result.posted.value if result else None,
        "url": result.url if result else None,
        "skipped": done.skipped,
        "verdict": reported.report.verdict.value,
        "body": done.body if dry_run else None,
    }
    out.answer({**document}, done.body if dry_run else told(done, reported))
