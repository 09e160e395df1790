"""`mlci register`: a version for what main's newest commit made."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from mlci.cli.output import Output
from mlci.cli.verb import option, verb
from mlci.errors import Exit
from mlci.wiring import World

if TYPE_CHECKING:
    from mlci.core.finding import Finding
    from mlci.ports.forge import PullRequest


@verb("mlci register --dry-run", "mlci register", "mlci register --bump major")
@option("--bump", type=click.Choice(["major", "minor", "patch"]), help="What the new version raises.")
@option(
    "--from-artifact",
    "artifact",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Read what another job's run left in DIR, as data.",
)
@option("--allow-failed", metavar="REASON", help="Register in spite of red evidence; kept in the tag.")
@option("--accept-incomparable", metavar="REASON", help="Register what cannot be compared; kept in the tag.")
@option("--dry-run", is_flag=True, help="Say what would be registered and write nothing.")
def command(
    world: World,
    out: Output,
    bump: str | None,
    artifact: Path | None,
    allow_failed: str | None,
    accept_incomparable: str | None,
    dry_run: bool,
) -> int:
    """Register the models of main's newest commit, when their bytes are new and their gates green.

    Ends with 10 when their evidence is red.
    """
    world.repository().prepare()
    from mlci.app.register import Choices, register
    from mlci.core.registry.version import Part

    project = world.project()
    choices = Choices(
        bump=Part(bump) if bump else None,
        allow_failed=allow_failed,
        accept_incomparable=accept_incomparable,
        write=not dry_run,
        pull_request=_pull_request(world),
    )
    done = register(
        world.ledger(),
        project.config,
        project.prefix,
        world.files(),
        world.evidence(artifact),
        world.dvc(),
        world.context(),
        choices,
    )
    for note in done.notes:
        out.note(note)
    lines = [f"registered {each.tag}" for each in done.written]
    lines += [f"would register {each.model}@{each.version}" for each in done.pending]
    lines += [f"red: {each}" for each in done.red]
    out.answer(done.document(), out.lines(lines or ["nothing to register"]) + _why(done.findings, out))
    if done.red:
        out.note("the whole report: mlci report --promotion")
        out.note("next: mend it in a pull request, or mlci register --allow-failed 'why this is right'")
    return Exit.RED if done.red else Exit.DONE


def _why(findings: "tuple[Finding, ...]", out: Output) -> str:
    """What made it red, in the words in which the run told it."""
    if not findings:
        return ""
    from mlci.core.report import Page, words
    from mlci.core.report.compose import what_failed
    from mlci.render import terminal

    section = what_failed(findings)
    page = Page(
        title=words("Nothing is registered"),
        facts=words("by evidence that is red."),
        sections=(section,) if section else (),
    )
    return terminal.page(page, width=out.width)


def _pull_request(world: World) -> "PullRequest | None":
    """Asked of the forge in a CI job that may; elsewhere the commit's message has to tell."""
    from mlci.app.register import pull_request_of
    from mlci.errors import UsageError

    if world.context().provider is None:
        return None
    head = world.repository().resolve("HEAD")
    if head is None:
        return None
    try:
        return pull_request_of(world.forge(), head)
    except UsageError:
        return None
