"""The report as the one comment on its pull request."""

from collections.abc import Callable

from msgspec import Struct
from msgspec.structs import replace

from mlci.app.commit import UNCOMMITTED
from mlci.app.report import Reported
from mlci.core.context import RunContext
from mlci.core.finding import Verdict
from mlci.core.report import plain, words
from mlci.errors import ForgeError, RefusedError
from mlci.ports.forge import CommentResult, Forge
from mlci.render import markdown

# The hidden marker and its line take their part of a forge's limit.
MARKER_ROOM = 200
SHRINK = 8
_FORK = "a fork's own run may not comment: the report stands in the job's summary and its artifact"


class Commented(Struct, frozen=True, kw_only=True):
    """What became of the comment; `skipped` says why nothing was posted, which is not an error."""

    body: str
    number: int | None = None
    result: CommentResult | None = None
    skipped: str = ""


def comment(
    reported: Reported,
    *,
    forge: Callable[[], Forge],
    context: RunContext,
    number: int | None = None,
    dry_run: bool = False,
) -> Commented:
    """Make the pull request's comment say what the report says.

    A report on a commit that is no longer the pull request's head is old news and is not posted. A fork's
    own run may not post, and does not ask for a forge. Raises ForgeError, RefusedError.
    """
    head = _head(reported, context)
    reported = _as_concluded(reported, context)
    if context.of_fork:
        return Commented(body=_body(reported, markdown.LIMIT), number=number, skipped=_FORK)
    place = forge()
    body = _body(reported, place.comment_limit)
    number = number or context.pull_request
    if place.id != "notes":
        found = place.pull_request_of(head, branch=context.source_branch)
        if found is None or (number is not None and found.number != number):
            return Commented(body=body, number=number, skipped=_nothing_to_say_it_on(head, number))
        number = found.number
    if dry_run:
        return Commented(body=body, number=number, skipped="dry run")
    return _posted(reported, place, number or 0, head)


def _head(reported: Reported, context: RunContext) -> str:
    """The commit that the report speaks of, when it may be posted there."""
    head = reported.bundle.commit
    if reported.partial:
        raise RefusedError(
            "only some stages were run, so nothing was judged", id="evidence-missing", help="mlci run"
        )
    if head.endswith(UNCOMMITTED):
        raise RefusedError(
            "the evidence is for changes that are not committed",
            id="evidence-uncommitted",
            help="git commit, then mlci run",
        )
    at_desk = context.provider is None
    if context.head is not None and context.head != head:
        raise RefusedError(
            f"the evidence is of {head[:10]}, and {'HEAD' if at_desk else 'this run'} is {context.head[:10]}",
            id="evidence-of-another-commit",
            help="mlci run" if at_desk else "hand over the artifact of this very run",
        )
    return head


def _as_concluded(reported: Reported, context: RunContext) -> Reported:
    """The report, but never better than how its run ended: a run of foreign code may leave any evidence."""
    ended = context.conclusion
    if ended in (None, "success") or reported.report.verdict is Verdict.FAILED:
        return reported
    headline = words(f"Do not merge: the run ended as {ended}, whatever its evidence says")
    return replace(reported, report=replace(reported.report, verdict=Verdict.FAILED, headline=headline))


def _body(reported: Reported, limit: int) -> str:
    return markdown.render(reported.report, limit=limit - MARKER_ROOM)


def _posted(reported: Reported, forge: Forge, number: int, head: str) -> Commented:
    """Post; a forge whose limit is lower than its documentation says gets a short one."""
    key = f"report:{reported.report.key}"
    body = _body(reported, forge.comment_limit)
    try:
        result = forge.upsert_comment(number, key, body, head=head)
    except ForgeError as error:
        if error.id != "comment-too-long":
            raise
        body = _body(reported, forge.comment_limit // SHRINK)
        result = forge.upsert_comment(number, key, body, head=head)
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
