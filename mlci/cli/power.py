"""`mlci power`: the smallest drop that this test set would notice."""

from typing import TYPE_CHECKING

import click

from mlci.cli.output import Output
from mlci.cli.verb import verb
from mlci.wiring import World

if TYPE_CHECKING:
    from mlci.core.measure.power import Power

HEAD = ("model", "rows of", "metric", "rows", "notices a drop of", "may drop", "rows needed")


@verb("mlci power", "mlci power main", "mlci power --json")
@click.argument("base", required=False)
def command(world: World, out: Output, base: str | None) -> None:
    """Say what this test set can resolve: the smallest drop noticed at 80 % power.

    That is: a true drop of this size would be noticed 4 times out of 5. Learnt from BASE and the work tree
    on the same rows; where no two differ, it is that of models with nothing in common, marked with ≈.
    """
    from mlci.app.power import power
    from mlci.core.measure.power import LeftOut, Power
    from mlci.core.strictjson import plain
    from mlci.render.power import sentences

    told = power(world.comparison(base))
    found = [each for each in told if isinstance(each, Power)]
    left_out = [each for each in told if isinstance(each, LeftOut)]
    if out.json:
        out.document({"metrics": plain(found), "left_out": plain(left_out)})
        return
    for line in sentences(found, left_out, width=out.width):
        out.line(line)
    if found:
        out.line()
        out.table(HEAD, [_row(each) for each in found])


def _row(one: "Power") -> tuple[str, ...]:
    from mlci.render.power import amount, margin_of

    needed = "–" if one.needed is None else f"{one.needed:,}"
    return (one.model, one.subject or "all", one.metric, f"{one.rows:,}", amount(one), margin_of(one), needed)
