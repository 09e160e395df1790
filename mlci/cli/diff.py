"""`mlci diff`: what changed, and whether each metric's change is real."""

from typing import TYPE_CHECKING

import click

from mlci.cli.output import Output
from mlci.cli.verb import verb
from mlci.errors import Exit
from mlci.wiring import World

if TYPE_CHECKING:
    from mlci.core.diff import Diff, Occasion


MOST_ROWS = 12


@verb("mlci diff", "mlci diff v1.0 HEAD", "mlci diff 'income#prod' --json", "mlci diff --gate")
@click.argument("base", required=False)
@click.argument("head", required=False)
@click.option("--md", "markdown", is_flag=True, help="Answer with Markdown.")
@click.option(
    "--gate",
    is_flag=True,
    help="End with 10 when a gated metric regressed or cannot be had; one not comparable only warns.",
)
@click.option("--all", "whole", is_flag=True, help="Show every row, not only the most important ones.")
@click.option("--promotion", is_flag=True, help="Gate as main does before a version is registered.")
def command(
    world: World,
    out: Output,
    base: str | None,
    head: str | None,
    markdown: bool,
    gate: bool,
    whole: bool,
    promotion: bool,
) -> int:
    """Compare metrics, parameters, data and models of two commits, with verdicts.

    BASE and HEAD are commits, tags, versions or environments (`income#prod`). Without BASE: where this
    branch began; on main the newest version. Without HEAD: the work tree.
    """
    request = world.comparison(base, head)
    from mlci.app.diff import diff
    from mlci.core.diff import Occasion

    found = diff(request)
    occasion = Occasion.PROMOTION if promotion else Occasion.PULL_REQUEST
    _tell(out, found, world.project().config.project, occasion, markdown=markdown, whole=whole)
    if not gate and found.blocks(occasion):
        out.note("this only tells; `mlci diff --gate` decides by its exit code (10)")
    return Exit.RED if gate and found.blocks(occasion) else Exit.DONE


def _tell(
    out: Output, found: "Diff", project: str, occasion: "Occasion", *, markdown: bool, whole: bool
) -> None:
    if out.json:
        from mlci.core.diff_json import to_json
        from mlci.core.printable import escaped

        out.raw(escaped(to_json(found)))
        return
    from mlci.core.compose import compose
    from mlci.core.diff_findings import findings
    from mlci.core.evidence import Evidence
    from mlci.render import markdown as as_markdown
    from mlci.render import terminal

    evidence = Evidence(gate="diff", commit=found.head or "", findings=findings(found, occasion))
    report = compose(project=project, evidence=[evidence], diff=found, occasion=occasion)
    if markdown:
        out.raw(as_markdown.render(report))
    else:
        fold = None if whole else terminal.Fold(most=MOST_ROWS, more="mlci diff --all")
        out.raw(terminal.render(report, width=out.width, fold=fold, paint=out.painted))
