"""How `promote` and `rollback` end: the file changed here, or a branch pushed with its pull request."""

from typing import TYPE_CHECKING

from mlci.cli.output import Output
from mlci.wiring import World

if TYPE_CHECKING:
    from mlci.app.promote import Promotion


def finish(world: World, out: Output, asked: "Promotion", *, pull_request: bool, write: bool) -> None:
    """Carry a promotion out as far as was asked, and say what comes next."""
    if pull_request:
        from mlci.app.proposal import propose

        proposal = propose(world.ledger(), world.forge(), world.project().prefix, asked, write=write)
        out.answer(proposal.document(), out.lines(proposal.lines))
        return
    from mlci.app.promote import told

    if write:
        world.files().apply(asked.plan)
    out.answer(asked.document(), out.lines(told(asked, write=write)))
