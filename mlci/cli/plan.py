"""`mlci plan`: which stages are stale, why, and what follows."""

from typing import TYPE_CHECKING

import click

from mlci.cli import completing
from mlci.cli.output import Output
from mlci.cli.verb import option, verb
from mlci.errors import Exit
from mlci.wiring import World

if TYPE_CHECKING:
    from mlci.core.dvc.forecast import Forecast


@verb("mlci plan", "mlci plan train", "mlci plan --check", "mlci plan --json")
@click.argument("stages", nargs=-1, metavar="[STAGE]...", shell_complete=completing.stages)
@option("--check", is_flag=True, help="End with 6 when a stage is stale, or in doubt.")
@option("--offline", is_flag=True, help="Ask no remote; what only it could tell is in doubt.")
def command(world: World, out: Output, stages: tuple[str, ...], check: bool, offline: bool) -> int:
    """Say which stages are stale and why, and what `mlci run` would execute.

    Nothing is run and no data is pulled. A stage that cannot be compared counts as stale. Where no remote
    says whether an output can be had, stages stand as the lock tells it, and --check ends with 6:
    it asks what --json calls `settled`.
    """
    from mlci.app.plan import Asked, plan

    remote = world.project().config.remotes.read or world.dvc().default_remote()
    asked = Asked(
        targets=stages,
        remote=remote,
        offline=offline,
        remember=world.context().provider is None,
    )
    found = plan(world.ground(), asked)
    _tell(out, found)
    return Exit.DRIFT if check and not found.settled else Exit.DONE


def _tell(out: Output, found: "Forecast") -> None:
    if out.json:
        from mlci.core.dvc.forecast import as_json

        out.document(as_json(found))
    else:
        from mlci.render import forecast

        out.raw(out.lines(forecast.lines(found, width=out.room)))
