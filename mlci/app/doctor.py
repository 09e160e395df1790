"""Look at everything mlci stands on, and say for each thing that is not well what to type."""

import importlib.metadata
import platform
import posixpath
import re
import shlex
from collections.abc import Callable, Iterator
from typing import Protocol

from msgspec import Struct

from mlci.core import environments, journal
from mlci.core.config import CommentBy, Config, Objective
from mlci.core.context import RunContext, Trigger
from mlci.core.finding import Finding, Status
from mlci.core.leaves import read_leaves
from mlci.core.renames import pointer
from mlci.core.wording import count
from mlci.errors import ConfigError, MlciError
from mlci.ports.dvc import Dvc
from mlci.ports.files import Files
from mlci.ports.git import Git
from mlci.ports.process import Command, Process
from mlci.ports.user_python import UserPython

OLDEST_GIT = (2, 38)
_OUR_TAG = re.compile(r"[@#]")
_LEFT = re.compile(r"\.mlci-[0-9a-f]{16}\.tmp")
# What `mlci demo` needs beside mlci itself.
_DEMO = ("scikit-learn", "skops", "fastapi", "uvicorn")


class HasConfig(Protocol):
    """A project, as far as a doctor looks."""

    @property
    def config(self) -> Config:
        """Its configuration."""
        ...


class Patient(Struct, frozen=True, kw_only=True):
    """What is looked at. Each part is asked for only when its turn comes, and may raise MlciError."""

    process: Process
    context: Callable[[], RunContext]
    repository: Callable[[], Git]
    project: Callable[[], HasConfig]
    files: Callable[[], Files]
    dvc: Callable[[], Dvc]
    user_python: Callable[[], UserPython]
    command: Callable[..., Command]


def doctor(patient: Patient) -> tuple[Finding, ...]:
    """One finding for each thing looked at. Raises nothing that is wrong with the patient."""
    examinations = (
        *(_our_python, _git, _dvc, _repository, _configuration, _objectives, _environments),
        *(_data, _user_python, _demo),
    )
    return tuple(finding for examine in examinations for finding in _surely(examine, patient))


def _surely(examine: Callable[[Patient], Iterator[Finding]], patient: Patient) -> Iterator[Finding]:
    try:
        yield from examine(patient)
    except MlciError as error:
        yield _bad(examine.__name__.strip("_").replace("_", "-"), str(error), error.help)


def _our_python(_patient: Patient) -> Iterator[Finding]:
    yield _good("python", f"mlci runs on Python {platform.python_version()}")


def _git(patient: Patient) -> Iterator[Finding]:
    said = patient.process.run(patient.command("git", "--version")).stdout.decode("ascii", "replace").strip()
    version = tuple(map(int, re.findall(r"\d+", said)[:2]))
    if version < OLDEST_GIT:
        yield _bad(
            "git", f"{said or 'git'} is too old", f"install Git {'.'.join(map(str, OLDEST_GIT))} or newer"
        )
    else:
        yield _good("git", said)


def _dvc(_patient: Patient) -> Iterator[Finding]:
    yield _good("dvc", f"DVC {importlib.metadata.version('dvc')}")


def _repository(patient: Patient) -> Iterator[Finding]:
    git = patient.repository()
    head = git.resolve("HEAD")
    if head is None:
        yield _bad("repository", "there are no commits yet", 'git add -A && git commit -m "Begin"')
        return
    yield _good("repository", f"{git.root} at {head[:12]}")
    yield _history(git)
    yield _branch(git, patient.context())
    yield _tags(git)
    yield from _leftovers(git)
    yield from _remotes(git, patient)


def _history(git: Git) -> Finding:
    if git.shallow:
        return _poor("history", "history is cut off (a shallow clone)", "git fetch --unshallow --tags")
    return _good("history", "history is complete")


def _branch(git: Git, context: RunContext) -> Finding:
    branch = git.branch()
    if branch is not None:
        return _good("branch", f"on {branch}")
    if context.trigger is not Trigger.LOCAL:
        return _good("branch", "HEAD is detached, as it is in CI")
    return _poor("branch", "HEAD is detached: new commits would belong to no branch", "git switch BRANCH")


def _tags(git: Git) -> Finding:
    light = [tag.name for tag in git.tags() if not tag.annotated and _OUR_TAG.search(tag.name)]
    if not light:
        return _good("tags", "every version and assignment is an annotated tag")
    shown = ", ".join(light[:3]) + (", …" if len(light) > 3 else "")
    return _poor(
        "tags",
        f"{len(light)} lightweight tags look like versions and count for nothing: {shown}",
        _instead(git, light[0]),
    )


def _leftovers(git: Git) -> Iterator[Finding]:
    """What a killed mlci left beside the files that it was about to replace."""
    left = [path for path in git.dirty() if _LEFT.fullmatch(posixpath.basename(path))]
    if left:
        what = f"{count(len(left), 'file')} of a write that was killed: {', '.join(left[:3])}"
        words = " ".join(shlex.quote(each) for each in left)
        yield _poor("leftovers", f"{what}{', …' if len(left) > 3 else ''}", f"rm {words}")


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
    if "origin" not in git.remotes():
        return None
    try:
        return git.remote_refs("origin", ref).get(ref)
    except MlciError:
        return None  # that the remote does not answer is another finding


def _remotes(git: Git, patient: Patient) -> Iterator[Finding]:
    remotes = git.remotes()
    if "origin" not in remotes:
        yield _poor("remote", "there is no remote named origin", "git remote add origin URL")
        return
    yield _reachable(git, remotes["origin"])
    branch = _main_branch(patient)
    if f"refs/remotes/origin/{branch}" in git.refs("refs/remotes/origin/"):
        yield _good("main", f"origin/{branch} is here")
    else:
        refspec = f"+refs/heads/{branch}:refs/remotes/origin/{branch}"
        yield _poor("main", f"origin/{branch} is not here to compare with", f"git fetch origin {refspec}")


def _reachable(git: Git, url: str) -> Finding:
    try:
        there = git.remote_refs("origin", journal.REF, journal.BRANCH)
    except MlciError as error:
        return _poor("remote", f"{url} does not answer: {error}", error.help or "git ls-remote origin")
    if journal.BRANCH in there and journal.REF in there:
        return _poor("remote", f"{url} has two journals, begun at the same moment", "mlci reconcile")
    if journal.BRANCH in there:
        return _good("remote", f"{url} answers; it takes no refs/mlci/*, so the journal is a branch")
    return _good("remote", f"{url} answers; {'it has a' if there else 'no'} registry journal")


def _main_branch(patient: Patient) -> str:
    try:
        return patient.project().config.ci.branch
    except MlciError:
        return "main"  # what is wrong with the configuration is another finding


def _configuration(patient: Patient) -> Iterator[Finding]:
    try:
        config = patient.project().config
    except ConfigError as error:
        count = max(len(error.problems), 1)
        what = f"{count} problem{'s' * (count > 1)} in the configuration: {error}"
        yield _bad("configuration", what, error.help or "mlci plan")
        return
    yield _good("configuration", f"project {config.project}, models: {', '.join(config.models) or 'none'}")
    if config.report.comment is CommentBy.CML:
        yield _cml(patient)


def _objectives(patient: Patient) -> Iterator[Finding]:
    try:
        config, files = patient.project().config, patient.files()
    except MlciError:
        return  # what is wrong with the configuration is another finding
    wrong = [
        found for each in config.objectives if (found := _misses(each, files) or _unheard_of(each, config))
    ]
    if config.objectives and not wrong:
        wrong = [_good("objectives", f"{count(len(config.objectives), 'objective')} that can be measured")]
    yield from wrong


def _misses(objective: Objective, files: Files) -> Finding | None:
    """What a run would find missing where the value is said to stand."""
    if objective.source is None:
        return None
    place = pointer(objective.source)
    content = files.read_if_there(place.path)
    if content is None:
        said = f"{objective.where}: {place.path} is not here"
        return _poor("objectives", said, "mlci run, if a stage writes it")
    if place.key not in read_leaves(content, place.path):
        said = f"{objective.where}: {objective.source} stands nowhere in that file"
        return _bad("objectives", said, f"look at {place.path}, then correct `from:`")
    return None


def _unheard_of(objective: Objective, config: Config) -> Finding | None:
    from mlci.core.metrics import find  # noqa: PLC0415 - arrays, for whoever names a metric

    models = [each for name, each in config.models.items() if objective.model in (name, None)]
    if objective.source is not None or not models:
        return None
    try:
        find(objective.metric, models[0].task, objective.where)
    except ConfigError as error:
        return _bad("objectives", f"{objective.where}: {error.message}", error.help)
    return None


def _environments(patient: Patient) -> Iterator[Finding]:
    try:
        config, files = patient.project().config, patient.files()
    except MlciError:
        return  # what is wrong with the configuration is another finding
    wrong = [*_misread(config, files), *_misnamed(config, files)]
    if config.environments and not wrong:
        wrong = [_good("environments", f"{', '.join(config.environments)}, in this order")]
    yield from wrong


def _misread(config: Config, files: Files) -> Iterator[Finding]:
    for each in config.environments.values():
        try:
            environments.read(files.read_if_there(each.file), name=each.file, models=config.models)
        except ConfigError as error:
            told = error.problems[0].splitlines()[0] if error.problems else str(error)
            yield _bad("environments", told, error.help or "mlci promote --check")


def _misnamed(config: Config, files: Files) -> Iterator[Finding]:
    """A file that nobody reads, because no environment has its name."""
    read = {each.file for each in config.environments.values()}
    for name in files.names("environments"):
        path = f"environments/{name}"
        if path.endswith((".yaml", ".yml")) and path not in read:
            known = ", ".join(config.environments) or "none"
            yield _poor(
                "environments",
                f"{path} belongs to no environment of mlci.yaml, so nobody reads it",
                f"rename it after one ({known}), or declare its own",
            )


def _data(patient: Patient) -> Iterator[Finding]:
    try:
        wanted = patient.project().config.remotes
    except MlciError:
        return  # what is wrong with the configuration is another finding
    dvc = patient.dvc()
    there = dvc.remotes()
    named = {name for name in (wanted.read, wanted.write, wanted.pull_request) if name}
    if missing := sorted(named - set(there)):
        yield _bad("data", f"DVC knows no remote {missing[0]}", f"dvc remote add {missing[0]} URL")
    elif not there:
        said = "DVC has no remote, so data stays on this machine and nothing can be registered"
        yield _poor("data", said, "dvc remote add --default storage URL")
    else:
        reads = wanted.read or dvc.default_remote()
        used = [each for each in (reads, wanted.write, wanted.pull_request) if each]
        wrong = [found for each in dict.fromkeys(used) if (found := _silent(dvc, each))]
        wrong += [_shared(reads)] if reads and reads == wanted.pull_request else []
        yield from wrong or [_forgotten(dvc, reads)]


def _silent(dvc: Dvc, remote: str) -> Finding | None:
    """What keeps a remote from being read: DVC tells one that is silent like one that is empty."""
    found = dvc.unreadable(remote)
    if found is None:
        return None
    if found.denied:
        return _poor(
            "data",
            f"the remote {remote} answers, and lets nobody in without credentials: {found.why}",
            f"dvc remote modify --local {remote} OPTION VALUE; in CI, name its variables in `ci.secrets`",
        )
    return _poor(
        "data",
        f"the remote {remote} cannot be read: {found.why}",
        f"look at its address with dvc remote list, then dvc push --remote {remote}",
    )


def _shared(remote: str) -> Finding:
    return _bad(
        "data",
        f"pull requests may write to {remote}, where main reads: it would believe what they left there",
        "dvc remote default ANOTHER, or name another one in `remotes.pull_request`",
    )


def _forgotten(dvc: Dvc, remote: str | None) -> Finding:
    if remote is None:
        said = "none of DVC's remotes is its default, and `remotes.read` names none to read from"
        return _poor("data", said, f"dvc remote default {min(dvc.remotes())}")
    missing = dvc.not_in_remote(remote=remote)
    if not missing:
        return _good("data", f"DVC remotes: {', '.join(sorted(dvc.remotes()))}")
    more = " and more" if len(missing) > 1 else ""
    said = f"the remote {remote} does not hold {missing[0].path}{more}"
    return _poor("data", said, f"dvc push --remote {remote}")


def _cml(patient: Patient) -> Finding:
    try:
        said = patient.process.run(patient.command("cml", "--version"))
    except MlciError:
        return _bad(
            "cml", "`report.comment: cml` is asked for, and there is no cml", "npm install -g @dvcorg/cml"
        )
    return _good("cml", f"cml {said.last_lines(1)}")


def _user_python(patient: Patient) -> Iterator[Finding]:
    python = patient.user_python()
    found = python.probe()
    yield _good(
        "user-python", f"the project's code runs on Python {found.get('python')} ({python.executable})"
    )


def _demo(_patient: Patient) -> Iterator[Finding]:
    missing = [name for name in _DEMO if not _installed(name)]
    if missing:
        yield _finding(
            "demo", Status.SKIP, f"`mlci demo` needs {', '.join(missing)}", 'pip install "mlci[demo]"'
        )
    else:
        yield _good("demo", "`mlci demo` has all it needs")


def _installed(name: str) -> bool:
    try:
        importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True


def _good(subject: str, message: str) -> Finding:
    return _finding(subject, Status.PASS, message)


def _poor(subject: str, message: str, help: str) -> Finding:
    return _finding(subject, Status.WARN, message, help)


def _bad(subject: str, message: str, help: str) -> Finding:
    return _finding(subject, Status.FAIL, message, help)


def _finding(subject: str, status: Status, message: str, help: str | None = None) -> Finding:
    return Finding(check=f"doctor.{subject}", subject=subject, status=status, message=message, help=help)
