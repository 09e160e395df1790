"""`mlci diff`: what changed, and whether each metric's change is real."""

import shlex
from typing import TYPE_CHECKING

import click

from mlci.cli.output import Output
from mlci.cli.verb import option, verb
from mlci.errors import Exit, UsageError
from mlci.wiring import World

if TYPE_CHECKING:
    from mlci.core.diff import Diff, Occasion
    from mlci.core.evidence import Evidence


MOST_ROWS = 12


@verb("mlci diff", "mlci diff v1.0 HEAD", "mlci diff 'income#prod' --json", "mlci diff --gate")
@click.argument("base", required=False)
@click.argument("head", required=False)
@option("--md", "markdown", is_flag=True, help="Answer with Markdown.")
@option(
    "--gate",
    is_flag=True,
    help="End with 10 when the change is red, as `mlci run` is by the same findings and waivers.",
)
@option("--all", "whole", is_flag=True, help="Show every row, not only the most important ones.")
@option("--promotion", is_flag=True, help="Gate as main does before a version is registered.")
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
    branch began; on main the newest version. Without HEAD: the work tree. A HEAD is judged by its own
    mlci.yaml, where it has one. A shallow clone is deepened until it holds the commit where the branch
    began.
    """
    if markdown and out.json:
        raise UsageError("--md and --json are two forms of one answer", id="usage", help="give one of them")
    request = world.comparison(base, head)
    from mlci.app.diff import diff
    from mlci.app.judged import judged, occasion_between
    from mlci.core.diff import Occasion
    from mlci.core.evidence import DIFF, Evidence
    from mlci.core.finding import Verdict

    found = diff(request)
    occasion = Occasion.PROMOTION if promotion else occasion_between(request)
    told = judged(request, found, world.hands, occasion)
    evidence = Evidence(gate=DIFF, commit=found.head or "", findings=told)
    revisions = [each for each in (base, head) if each]
    asked = shlex.join(
        ("mlci", *world.settings.where, "diff", *revisions, *(["--promotion"] if promotion else []))
    )
    _tell(out, found, evidence, request.config.project, occasion, asked, markdown=markdown, whole=whole)
    red = evidence.verdict is Verdict.FAILED
    if red and not gate:
        out.note(f"this only tells; `{asked} --gate` decides by its exit code (10)")
    return Exit.RED if red and gate else Exit.DONE


def _tell(
    out: Output,
    found: "Diff",
    evidence: "Evidence",
    project: str,
    occasion: "Occasion",
    asked: str,
    *,
    markdown: bool,
    whole: bool,
) -> None:
    if out.json:
        from mlci.core.diff.json import to_json
        from mlci.core.evidence import findings_json

        out.written(to_json(found, verdict=evidence.verdict.value, findings=findings_json(evidence)))
        return
    from mlci.core.report.compose import compose
    from mlci.core.report.compose.extent import WHOLE, Extent
    from mlci.render import markdown as as_markdown
    from mlci.render import terminal

    more, programs = f"{asked} --all", f"{asked} --json"
    short = Extent(others=programs) if markdown else Extent(values=MOST_ROWS, slices=None, others=more)
    extent = WHOLE if whole else short
    report = compose(project=project, evidence=[evidence], diff=found, occasion=occasion, extent=extent)
    if markdown:
        limit = None if whole else as_markdown.LIMIT
        out.raw(as_markdown.render(report, limit=limit, elsewhere=as_markdown.Elsewhere.command(programs)))
    else:
        fold = None if whole else terminal.Fold(most=MOST_ROWS, more=more)
        out.raw(terminal.render(report, width=out.width, fold=fold, paint=out.painted))
