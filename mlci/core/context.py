"""Why a command runs: at somebody's desk, for a pull request, on main, or for a tag."""

from enum import StrEnum

from msgspec import Struct


class Trigger(StrEnum):
    """What made this run happen."""

    LOCAL = "local"
    PULL_REQUEST = "pull_request"
    MAIN = "main"
    TAG = "tag"


class RunContext(Struct, frozen=True, kw_only=True):
    """What a CI provider (or a laptop) knows about this run. `head` is never a merge ref's commit.

    `base_tip` is the tip of the target branch; the base itself is the merge base, worked out later.
    `branch` is the pull request's own, which for a fork is one of another repository. A run that follows
    another knows that one's `conclusion` and its `source_branch` (`owner:branch`), since a forge does not
    find a fork's commit by its name.
    """

    trigger: Trigger = Trigger.LOCAL
    provider: str | None = None
    head: str | None = None
    base_tip: str | None = None
    pull_request: int | None = None
    branch: str | None = None
    same_repository: bool = True
    source_branch: str | None = None
    conclusion: str | None = None
    tag: str | None = None
    actor: str | None = None
    run_url: str | None = None

    @property
    def of_fork(self) -> bool:
        """Whether this is a fork's own run, whose token may not write.

        A run that follows it on the default branch knows no number, and may.
        """
        return self.pull_request is not None and not self.same_repository
