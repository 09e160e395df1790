"""Reports as notes on the head commit, below `refs/notes/mlci/<key>`."""

import re

from mlci.errors import ForgeError, UsageError
from mlci.ports.clock import Clock
from mlci.ports.forge import CommentResult, Posted, PullRequest
from mlci.ports.git import Git, PushOutcome, RefUpdate

TRIES = 8


class Notes:
    """A remote that can be pushed to and nothing more. `number` means nothing here; the head commit does."""

    id = "notes"
    comment_limit = 900_000

    def __init__(self, *, git: Git, remote: str, clock: Clock) -> None:
        self._git = git
        self._remote = remote
        self._clock = clock

    def pull_request_of(self, commit: str, *, branch: str | None = None) -> PullRequest | None:  # noqa: ARG002
        """Nobody to ask: a plain server has no pull requests."""
        return None

    def upsert_comment(self, number: int, key: str, body: str, *, head: str) -> CommentResult:  # noqa: ARG002
        """Put the note of this key on the head commit, on the remote too."""
        ref = f"refs/notes/mlci/{re.sub(r'[^A-Za-z0-9_-]+', '-', key).strip('-') or 'report'}"
        content = body.encode()
        message = ""
        for attempt in range(1, TRIES + 1):
            there = self._git.remote_refs(self._remote, ref).get(ref, "")
            if there:
                self._git.fetch(self._remote, f"+{ref}:{ref}")
            before = self._git.note(ref, head) if there else None
            if before == content:
                return CommentResult(posted=Posted.UNCHANGED, url=ref)
            if not there:
                self._git.update_refs(RefUpdate(ref=ref, new=None))
            self._git.add_note(ref, head, content)
            made = self._git.refs(ref)[ref]
            result = self._git.push(self._remote, [RefUpdate(ref=ref, new=made, expect=there)])
            if result.outcome is PushOutcome.DONE:
                return CommentResult(posted=Posted.CREATED if before is None else Posted.UPDATED, url=ref)
            message = result.message
            if result.outcome is not PushOutcome.STALE:
                break
            self._clock.sleep(0.05 * attempt)
        raise ForgeError(
            f"the note {ref} could not be pushed to {self._remote}: {message}",
            id="note-not-pushed",
            help=f"check that you may push: git push {self._remote} {ref}",
        )

    def open_pull_request(self, *, branch: str, base: str, title: str, body: str) -> PullRequest:  # noqa: ARG002
        """A plain server has no pull requests to open."""
        raise UsageError(
            f"{branch} is pushed, but a plain Git server has no pull requests",
            id="no-pull-requests",
            help=f"merge it by hand: git switch {base} && git merge {branch}",
        )
