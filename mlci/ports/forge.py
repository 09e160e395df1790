"""A forge: where pull requests are discussed."""

from enum import StrEnum
from typing import Protocol

from msgspec import Struct


class PullRequest(Struct, frozen=True, kw_only=True):
    """A pull or merge request. `labels` and `title` are untrusted text."""

    number: int
    head: str
    base_branch: str
    head_branch: str
    title: str
    url: str
    labels: tuple[str, ...] = ()
    same_repository: bool = True


class Posted(StrEnum):
    """What an upsert did."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"


class CommentResult(Struct, frozen=True, kw_only=True):
    """What became of a comment, and where it stands."""

    posted: Posted
    url: str


class Forge(Protocol):
    """What mlci asks of GitHub, GitLab or plain git notes. Raises ForgeError after the retry budget."""

    @property
    def id(self) -> str:
        """`github`, `gitlab`, `notes` or `cml`."""
        ...

    @property
    def comment_limit(self) -> int:
        """The most bytes of one comment."""
        ...

    def pull_request_of(self, commit: str, *, branch: str | None = None) -> PullRequest | None:
        """The open pull request whose head is this commit, else the merged one that brought it.

        `branch` (`owner:branch`) helps where the commit lies in a fork.
        """
        ...

    def upsert_comment(self, number: int, key: str, body: str, *, head: str) -> CommentResult:
        """Make or update our one comment with this key, found by hidden marker and author."""
        ...

    def open_pull_request(self, *, branch: str, base: str, title: str, body: str) -> PullRequest:
        """Open a pull request for a pushed branch, or return the open one that has it."""
        ...
