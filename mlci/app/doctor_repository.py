"""How the repository is: its history, its tags, and the remote that holds its registry."""

import posixpath
import re
import shlex
from collections.abc import Iterator, Mapping, Sequence

from mlci.app.patient import Patient, bad, good, poor
from mlci.app.registry.journals import journaled, witness_here
from mlci.core.context import RunContext, Trigger
from mlci.core.finding import Finding
from mlci.core.registry import journal
from mlci.core.registry.fold import fold
from mlci.core.registry.tag import parse
from mlci.core.wording import count
from mlci.errors import MlciError
from mlci.ports.git import Git, TagRecord

_OUR_TAG = re.compile(r"[@#]")
# What a branch that versions come from is usually called.
_TRUNKS = ("main", "master", "trunk", "develop")
_BRANCHES = ("refs/heads/", "refs/remotes/origin/")
_LEFT = re.compile(r"\.mlci-[0-9a-f]{16}\.tmp")


def examine_repository(patient: Patient) -> Iterator[Finding]:
    """History, branch, tags, what killed writes left, and the remote."""
    git = patient.repository()
    head = git.resolve("HEAD")
    if head is None:
        yield bad("repository", "there are no commits yet", 'git add -A && git commit -m "Begin"')
        return
    yield good("repository", f"{git.root} at {head[:12]}")
    yield _history(git)
    yield _branch(git, patient.context())
    yield _tags(git)
    yield from _leftovers(git)
    yield from _remotes(git, patient)


def _history(git: Git) -> Finding:
    if git.shallow:
        return poor("history", "history is cut off (a shallow clone)", "git fetch --unshallow --tags")
    return good("history", "history is complete")


def _branch(git: Git, context: RunContext) -> Finding:
    branch = git.branch()
    if branch is not None:
        return good("branch", f"on {branch}")
    if context.trigger is not Trigger.LOCAL:
        return good("branch", "HEAD is detached, as it is in CI")
    return poor("branch", "HEAD is detached: new commits would belong to no branch", "git switch BRANCH")


def _tags(git: Git) -> Finding:
    tags = list(git.tags())
    unreadable = [tag.name for tag in tags if not tag.commit]
    if unreadable:
        what = f"Git cannot read {count(len(unreadable), 'tag')}: {_some(unreadable)}"
        return poor("tags", what, "git fetch --tags --force origin; git fsck tells what else is gone")
    light = [tag.name for tag in tags if not tag.annotated and _OUR_TAG.search(tag.name)]
    if not light:
        return _strange(git, tags)
    shown = _some(light)
    return poor(
        "tags",
        f"{len(light)} lightweight tags look like versions and count for nothing: {shown}",
        _instead(git, light[0]),
    )


def _strange(git: Git, tags: Sequence[TagRecord]) -> Finding:
    """Annotated tags of our models that cannot be used, or that the journal here does not know."""
    known, models = journaled(git), fold(tags).models
    ours = [each for each in tags if _OUR_TAG.split(each.name)[0].replace("=", ":") in models]
    unusable = [each.name for each in ours if parse(each.name) is None]
    if unusable:
        what = f"{count(len(unusable), 'tag')} cannot be used: {_some(unusable)}"
        return poor("tags", f"{what}; versions look like income@v1.0.0", f"git tag --delete '{unusable[0]}'")
    if denied := _denied(git, tags):
        return denied
    foreign = [each.name for each in ours if known is not None and (each.name, each.commit) not in known]
    if foreign:
        what = f"{count(len(foreign), 'tag')} not in the journal here: {_some(foreign)}"
        made = f"if it was made by hand: git tag --delete '{foreign[0]}'"
        return poor("tags", what, f"mlci reconcile --check brings the newest; {made}")
    return good("tags", "every version and assignment is an annotated tag")


def _denied(git: Git, tags: Sequence[TagRecord]) -> Finding | None:
    """A version of the journal here that the tags deny, as origin has them where it answers."""
    told = witness_here(git)
    if told is None:
        return None
    there, here = _refs(git, "refs/tags/*"), {f"refs/tags/{each.name}": each.object for each in tags}
    kept = [each for each in tags if there is None or there.get(f"refs/tags/{each.name}") == each.object]
    registry = fold(kept)
    lost = next((each for model in told.versions for each in told.lost(registry.model(model))), None)
    if lost is None:
        return None
    ref = f"refs/tags/{lost.tag}"
    if there is not None and there.get(ref) not in (None, here.get(ref)):
        what = f"origin's {lost.tag} is not here, or another is"
        return poor("tags", what, "git fetch --tags --force origin, then mlci doctor")
    return poor("tags", lost.message, lost.help)


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:3]) + (", …" if len(names) > 3 else "")


def _leftovers(git: Git) -> Iterator[Finding]:
    """What a killed mlci left beside the files that it was about to replace."""
    left = [path for path in git.dirty() if _LEFT.fullmatch(posixpath.basename(path))]
    if left:
        what = f"{count(len(left), 'file')} of a write that was killed: {', '.join(left[:3])}"
        words = " ".join(shlex.quote(each) for each in left)
        yield poor("leftovers", f"{what}{', …' if len(left) > 3 else ''}", f"rm {words}")


def _instead(git: Git, tag: str) -> str:
    """How to be rid of a lightweight tag. Annotating it by hand would promise nothing: a forgery."""
    ref = f"refs/tags/{tag}"
    there = _theirs(git, ref)
    if there not in (None, git.refs(ref).get(ref)):
        return "git fetch --tags --force origin"
    delete = f"git tag --delete '{tag}'"
    return (
        f"{delete} && git push origin ':{ref}', then mlci register"
        if there
        else f"{delete}, then mlci register"
    )


def _theirs(git: Git, ref: str) -> str | None:
    return (_refs(git, ref) or {}).get(ref)


def _refs(git: Git, pattern: str) -> Mapping[str, str] | None:
    """What origin has of this pattern, None where it cannot be asked."""
    if "origin" not in git.remotes():
        return None
    try:
        return git.remote_refs("origin", pattern)
    except MlciError:
        return None  # that the remote does not answer is another finding


def _remotes(git: Git, patient: Patient) -> Iterator[Finding]:
    remotes = git.remotes()
    if "origin" not in remotes:
        yield poor("remote", "there is no remote named origin", "git remote add origin URL")
    else:
        yield reachable(git, remotes["origin"])
    yield from _main(git, _main_branch(patient), remotes)


def _main(git: Git, branch: str, remotes: Mapping[str, str]) -> Iterator[Finding]:
    """Whether the branch that versions come from is here; CI starts for no other."""
    head = f"refs/heads/{branch}"
    if f"refs/remotes/origin/{branch}" in git.refs("refs/remotes/origin/"):
        yield good("main", f"origin/{branch} is here")
    elif head not in git.refs("refs/heads/") and _theirs(git, head) is None:
        yield poor(
            "main",
            f"{branch}, for which CI runs, was found neither here nor on origin",
            f"write `branch: {_trunk(git)}` below `ci:` in mlci.yaml, then mlci sync",
        )
    elif "origin" in remotes:
        refspec = f"+{head}:refs/remotes/origin/{branch}"
        yield poor("main", f"origin/{branch} is not here to compare with", f"git fetch origin {refspec}")


def _trunk(git: Git) -> str:
    """The branch that versions may come from: the one that is checked out is most often a feature's."""
    if told := git.remote_branch("origin"):
        return told
    current = git.branch()
    known = {ref.removeprefix(start) for start in _BRANCHES for ref in git.refs(start)} - {"HEAD"}
    if usual := next((each for each in _TRUNKS if each in known), None):
        return usual
    only = known - {current} or known
    return only.pop() if len(only) == 1 else "BRANCH"


def reachable(git: Git, url: str) -> Finding:
    """Whether the remote answers, and what journal it keeps."""
    try:
        there = git.remote_refs("origin", journal.REF, journal.BRANCH)
    except MlciError as error:
        return poor("remote", f"{url} does not answer: {error}", error.help or "git ls-remote origin")
    if journal.BRANCH in there and journal.REF in there:
        return poor("remote", f"{url} has two journals, begun at the same moment", "mlci reconcile")
    if journal.BRANCH in there:
        return good("remote", f"{url} answers; it takes no refs/mlci/*, so the journal is a branch")
    return good("remote", f"{url} answers; {'it has a' if there else 'no'} registry journal")


def _main_branch(patient: Patient) -> str:
    try:
        return patient.project().config.ci.branch
    except MlciError:
        return "main"  # what is wrong with the configuration is another finding
