"""The one way to keep exactly one comment, whatever the network does in between."""

from collections.abc import Callable, Sequence
from typing import Protocol

from mlci.core.comment import Comment, marked, own, same_text
from mlci.ports.forge import CommentResult, Posted


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
    wrote = False

    def attempt() -> CommentResult:
        nonlocal wrote
        mine = own(thread.comments(), key)
        for surplus in mine[1:]:
            thread.delete(surplus)
        if not mine:
            wrote = True
            return CommentResult(posted=Posted.CREATED, url=thread.create(text).url)
        if same_text(mine[0].body, text):
            return CommentResult(posted=Posted.CREATED if wrote else Posted.UNCHANGED, url=mine[0].url)
        thread.edit(mine[0], text)
        return CommentResult(posted=Posted.UPDATED, url=mine[0].url)

    return ask(attempt)
