"""Which commit a run speaks of, and whether it may speak for it at all."""

from mlci.core.context import RunContext, Trigger
from mlci.errors import WorldError
from mlci.ports.git import Git

# What stands behind the commit in evidence of a work tree that differs from it: no registry takes it.
UNCOMMITTED = "+changes"


def commit_under_test(context: RunContext, git: Git) -> str:
    """The commit that evidence is for. At somebody's desk, changes that are not committed are marked."""
    head = context.head or git.resolve("HEAD")
    if head is None:
        raise WorldError("there is no commit yet", id="no-commits", help="git add . && git commit")
    changed = context.trigger is Trigger.LOCAL and bool(git.dirty())
    return head + UNCOMMITTED if changed else head
