"""The report as the one comment on its pull request."""

from dataclasses import dataclass

from mlci.app.report import Reported
from mlci.core.context import RunContext
from mlci.core.report import plain
from mlci.errors import RefusedError
from mlci.ports.forge import CommentResult, Forge
from mlci.render import markdown

# The hidden marker and its line take their part of a forge's limit.
MARKER_ROOM = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Commented:
    """What became of the comment; `skipped` says why nothing was posted, which is not an error."""

    body: str
    number: int | None = None
    result: CommentResult | None = None
    skipped: str = ""


def comment(
    reported: Reported, *, forge: Forge, context: RunContext, number: int | None = None, dry_run: bool = False
) -> Commented:
    """Make the pull request's comment say what the report says.

    A report on a commit that is no longer the pull request's head is old news and is not posted.
    """
    head = reported.bundle.commit
    if context.head is not None and context.head != head:
        raise RefusedError(
            f"the evidence is for {head[:10]}, this run is for {context.head[:10]}",
            id="evidence-of-another-commit",
            help="hand over the artifact of this very run",
        )
    body = markdown.render(reported.report, limit=forge.comment_limit - MARKER_ROOM)
    number = number or context.pull_request
    if forge.id != "notes":
        found = forge.pull_request_of(head)
        if found is None or (number is not None and found.number != number):
            return Commented(body=body, number=number, skipped=_nothing_to_say_it_on(head, number))
        number = found.number
    if dry_run:
        return Commented(body=body, number=number, skipped="dry run")
    result = forge.upsert_comment(number or 0, f"report:{reported.report.key}", body, head=head)
    return Commented(body=body, number=number, result=result)


def _nothing_to_say_it_on(head: str, number: int | None) -> str:
    if number is None:
        return f"no pull request has {head[:10]} as its head"
    return f"{head[:10]} is not the head of pull request {number} any more"


def told(commented: Commented, reported: Reported) -> str:
    """One line on what was done."""
    headline = plain(reported.report.headline)
    if commented.result is None:
        return f"not posted ({commented.skipped}): {headline}"
    return f"{commented.result.posted.value} {commented.result.url}: {headline}"
