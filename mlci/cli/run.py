"""`mlci run`: what CI does for this commit."""

from typing import TYPE_CHECKING

from mlci.cli import completing
from mlci.cli.output import Output, complain
from mlci.cli.verb import option, verb
from mlci.errors import Exit
from mlci.wiring import World

if TYPE_CHECKING:
    from mlci.app.report import Reported


@verb("mlci run", "mlci run --stage train", "mlci run --comment", "mlci run --json")
@option(
    "--stage",
    "stages",
    multiple=True,
    metavar="NAME",
    help="Only reproduce this; repeatable.",
    shell_complete=completing.stages,
)
@option("--comment", "post", is_flag=True, help="Then post the report, as `mlci comment` does.")
def command(world: World, out: Output, stages: tuple[str, ...], post: bool) -> int:
    """Reproduce the pipeline, run the gates, compare with the base, report.

    Ends with 10 when a gate is red. What was found is left in `.mlci/`.
    """
    from mlci.app.commit import settled
    from mlci.app.following import following
    from mlci.app.report import DIRECTORY, failed
    from mlci.app.run import Place, run
    from mlci.render import terminal

    project, git = world.project(), world.repository()
    place = Place(
        project=project,
        context=settled(world.context(), git, project.config),
        git=git,
        dvc=world.dvc(),
        ground=world.ground(),
        hands=world.hands(),
        summary=world.summary,
        dvc_at=world.dvc_at,
    )
    reported = run(place, stages=stages)
    out.answer(
        reported.document, terminal.render(reported.report, width=out.width, brief=True, paint=out.painted)
    )
    out.note(f"the whole report: mlci report, or {DIRECTORY}/report.html")
    for line in following(place, reported.bundle.evidence, world.directory):
        out.note(f"next: {line}")
    if post:
        _post(world, out, reported)
    return Exit.RED if failed(reported) else Exit.DONE


def _post(world: World, out: Output, reported: "Reported") -> None:
    """Comment; what keeps a comment from being made is told and changes no verdict."""
    from mlci.app.comment import comment, told
    from mlci.errors import MlciError

    try:
        done = comment(reported, forge=world.forge, context=world.context())
        out.note(told(done, reported))
    except MlciError as error:
        complain(f"the report was not posted: {error.message} [{error.id}]\nhelp: {error.help}")
