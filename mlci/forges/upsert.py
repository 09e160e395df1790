"""The one way to keep exactly one comment, whatever the network does in between."""

from collections.abc import Callable, Sequence
from typing import Protocol

from msgspec.structs import replace

from mlci.core.report.comment import Comment, marked, own, same_text
from mlci.forges.patience import Refused
from mlci.ports.forge import CommentResult, Posted

# A list that goes on after so many pages of 100 goes round in a circle.
MOST_PAGES = 100
GONE, CONFLICT = 404, 409


class Thread(Protocol):
    """The comments of one pull request. Each method sends one request and raises `Refused`."""

    def comments(self) -> Sequence[Comment]:
        """All comments, to the last page."""
        ...

    def create(self, body: str) -> Comment:
        """Add a comment."""
        ...

    def edit(self, comment: Comment, body: str) -> None:
        """Replace a comment's text."""
        ...

    def delete(self, comment: Comment) -> None:
        """Remove a comment."""
        ...


def upsert(
    thread: Thread, key: str, body: str, *, ask: Callable[[Callable[[], CommentResult]], CommentResult]
) -> CommentResult:
    """Make our comment with this key say `body`: created, updated, or left alone when it says so already.

    Every attempt lists first, so a creation whose answer was lost is found and never made twice.
    Surplus copies (two jobs that raced) are deleted and the oldest is kept.
    """
    text = marked(body, key)
    tried: Posted | None = None

    def attempt() -> CommentResult:
        nonlocal tried
        mine = own(thread.comments(), key)
        for surplus in mine[1:]:
            _without(thread, surplus)
        if not mine:
            tried = Posted.CREATED
            return CommentResult(posted=tried, url=thread.create(text).url)
        if same_text(mine[0].body, text):
            return CommentResult(posted=tried or Posted.UNCHANGED, url=mine[0].url)
        tried = tried or Posted.UPDATED
        _changed(thread, mine[0], text)
        return CommentResult(posted=tried, url=mine[0].url)

    return ask(attempt)


def _without(thread: Thread, surplus: Comment) -> None:
    try:
        thread.delete(surplus)
    except Refused as refused:
        # Somebody else, who saw the same copies, was faster.
        if refused.refusal.status != GONE:
            raise


def _changed(thread: Thread, comment: Comment, text: str) -> None:
    try:
        thread.edit(comment, text)
    except Refused as refused:
        if refused.refusal.status != GONE:
            raise
        # It was a surplus copy in somebody else's eyes: look again what stands there.
        raise Refused(replace(refused.refusal, status=CONFLICT)) from refused
