"""Whether a work tree or a commit is the very tree that a run at a desk measured before it was committed.

By content alone: the run leaves the hash of each file that differed from its commit. The work tree must
differ by these files still, or the later commit be that commit with them, and no other. That one must stand
right on the measured commit, too: of the same tree on a main branch that has moved nobody has said how it
compares. What says nothing, such as a file that is too large to be hashed, makes no tree the same.
"""

from collections.abc import Mapping

from mlci.core.digest import git_object
from mlci.core.strictjson import JsonValue
from mlci.errors import MlciError
from mlci.ports.files import Files
from mlci.ports.git import Git

# Where evidence of the pipeline and of the diff keep the files that differed; null is one that was gone.
FIGURE = "uncommitted"
_LIMIT = 64 * 1024 * 1024  # of all that differs: more is seldom meant for Git
_MOST = 1_000
_PLAIN = "100644"


def uncommitted(git: Git, files: Files, prefix: str) -> dict[str, JsonValue]:
    """The figure that says how the work tree differs from its commit; empty where nobody may rely on it."""
    paths = git.dirty()
    here = git.resolve("HEAD")
    start = f"{prefix}/" if prefix else ""
    if here is None or len(paths) > _MOST or not all(each.startswith(start) for each in paths):
        return {}
    left, found = _LIMIT, dict[str, JsonValue]()
    try:
        for path in paths:
            content = files.read_if_there(path.removeprefix(start), limit=left)
            left -= len(content or b"")
            found[path] = None if content is None else git_object(content, like=here)
    except MlciError:
        return {}
    return {FIGURE: found}


def is_untouched(git: Git, files: Files, prefix: str, figures: Mapping[str, JsonValue]) -> bool:
    """Whether the work tree differs from HEAD by exactly the changes that a run left word of."""
    changed = figures.get(FIGURE)
    return bool(changed) and uncommitted(git, files, prefix).get(FIGURE) == changed


def is_committed(git: Git, measured: str, figures: Mapping[str, JsonValue]) -> bool:
    """Whether HEAD is the commit that was measured with exactly the changes that a run left word of."""
    changed, here = figures.get(FIGURE), git.resolve("HEAD")
    if not isinstance(changed, dict) or not changed or here is None or git.resolve(measured) != measured:
        return False
    if git.commit(here).parents != (measured,):
        return False
    before = {each.path: (each.mode, each.object) for each in git.tree(measured)}
    now = {each.path: (each.mode, each.object) for each in git.tree(here)}
    for path, name in changed.items():
        if name is None:
            before.pop(path, None)
        else:
            # What is executable was not asked: a file that comes with such a right is not known.
            mode = before.get(path, (_PLAIN, ""))[0]
            before[path] = mode, str(name)
    return before == now
