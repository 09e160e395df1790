"""Which commit a run speaks of, why it runs, and whether it may speak for the commit at all."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from msgspec.structs import replace

from mlci.core.config import Config
from mlci.core.context import RunContext, Trigger
from mlci.core.diff import Occasion
from mlci.core.evidence import DIFF, PIPELINE
from mlci.errors import WorldError
from mlci.ports.files import Files
from mlci.ports.git import Git

if TYPE_CHECKING:
    from mlci.app.bundle import Bundle

# What stands behind the commit in evidence of a work tree that differs from it: no registry takes it.
UNCOMMITTED = "+changes"
# The same for a run of some stages only.
PARTIAL = "+part"
# How the sentence ends where evidence of a changed work tree is not known to be of this one.
UNTOLD = "and nothing says that they are these"


def commit_under_test(context: RunContext, git: Git) -> str:
    """The commit that evidence is for. At somebody's desk, changes that are not committed are marked."""
    here = git.resolve("HEAD")
    if here is None:
        raise WorldError("there is no commit yet", id="no-commits", help="git add . && git commit")
    head = context.head or here
    if head != here:
        raise WorldError(
            f"this run is for {head[:10]}, and {here[:10]} is checked out",
            id="another-commit-checked-out",
            help="check out the pull request's head, not its merge with main",
        )
    return head + UNCOMMITTED if context.provider is None and git.dirty() else head


def located(context: RunContext, git: Callable[[], Git]) -> RunContext:
    """The context with its commit: at a desk nobody says it, and it is the one that is checked out."""
    return context if context.head else replace(context, head=git().resolve("HEAD"))


def outdated(commit: str, context: RunContext, git: Git, *, tree: bool, sure: bool = False) -> str:
    """Why evidence of a commit speaks of something else than what lies here; empty where nothing says so.

    With `tree` it was found in this very work tree, which may have changed since. Who has to be `sure` is
    told too where changes were not committed, of which nobody can say whether they are these.
    """
    here = context.head or git.resolve("HEAD")
    whole = commit.removesuffix(PARTIAL)
    measured = whole.removesuffix(UNCOMMITTED)
    of = f"The evidence is of {measured[:10]}"
    if here is not None and measured != here:
        changed = " with changes that were not committed" if measured != whole else ""
        return f"{of}{changed}, and {'HEAD' if context.head is None else 'this run'} is {here[:10]}"
    if not tree or context.provider is not None:
        return ""
    if sure and measured != whole:
        return f"{of} with changes that were not committed, {UNTOLD}"
    if bool(git.dirty()) == (measured != whole):
        return ""
    return (
        f"{of}, and the work tree has changed since"
        if measured == whole
        else f"{of} with changes that are gone"
    )


def is_as_measured(bundle: "Bundle", context: RunContext, git: Git, files: Files, prefix: str) -> bool:
    """Whether what lies here is the very tree that was measured with changes, committed since or not.

    Not on main: there a commit is judged against the newest version, and changes were not.
    """
    figures = {each.gate: each.figures for each in bundle.evidence}
    told = figures.get(PIPELINE)
    if told is None or context.trigger is not Trigger.LOCAL or not bundle.commit.endswith(UNCOMMITTED):
        return False
    from mlci.app.same_tree import FIGURE, is_committed, is_untouched  # noqa: PLC0415 - few ask

    # What was edited while gates and the diff looked at it is not what the stages left.
    if figures.get(DIFF, told).get(FIGURE) != told.get(FIGURE):
        return False
    measured = bundle.commit.removesuffix(UNCOMMITTED)
    if git.resolve("HEAD") == measured:
        return is_untouched(git, files, prefix, told)
    return not git.dirty() and is_committed(git, measured, told)


def settled(context: RunContext, git: Git, config: Config) -> RunContext:
    """The context, with what a desk does not say: a main branch without changes is judged as CI judges it."""
    at_desk = context.trigger is Trigger.LOCAL
    if at_desk and git.branch() == config.ci.branch and not git.dirty():
        return replace(context, trigger=Trigger.MAIN)
    return context


def occasion_of(context: RunContext) -> Occasion:
    """What a run on this trigger decides."""
    return Occasion.PROMOTION if context.trigger is Trigger.MAIN else Occasion.PULL_REQUEST
