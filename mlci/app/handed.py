"""The lock that a job made, handed over in its artifact to somebody who may commit it."""

import posixpath
import re
import shlex
from collections.abc import Mapping, Sequence

from msgspec import Struct

from mlci.app.bundle import LOCK, read_evidence
from mlci.app.commit import UNCOMMITTED
from mlci.app.plan import Asked, plan
from mlci.app.stages.ground import Ground
from mlci.core.config import Config
from mlci.core.config.schema import FILE
from mlci.core.dvc.files import LOCK_FILE, PIPELINE_FILE, is_inside, read_lock
from mlci.core.dvc.forecast import Forecast
from mlci.core.evidence import PIPELINE
from mlci.core.plan import Change, FileDelete, FileWrite, Plan
from mlci.core.problems import quoted
from mlci.core.strictjson import JsonValue
from mlci.errors import RefusedError, WorldError
from mlci.ports.files import Files
from mlci.ports.git import Git

# Under which figure of the evidence the directories stand that hold no file now.
EMPTIED = "emptied"
LARGEST = 64 * 1024 * 1024
_EXECUTABLE = "100755"
_FILES = frozenset({"100644", _EXECUTABLE})
_KINDS = {"120000": "a symbolic link", "160000": "a submodule"}
_CI_FILES = frozenset({"jenkinsfile", "azure-pipelines.yml", "bitbucket-pipelines.yml"})
_CI_BEGINS = (".github", ".gitlab")
_SEE_WHY = "git diff main -- dvc.yaml, and see why that is an output without a cache"


class Handed(Struct, frozen=True, kw_only=True):
    """What an artifact brings: the writes, and the commit that they belong to.

    `left` says why some of it is not taken; `remote` is where the job pushed the data, as it says.
    """

    plan: Plan
    commit: str
    left: tuple[str, ...] = ()
    remote: str | None = None


def kept_in_git(forecast: Forecast) -> tuple[str, ...]:
    """What a reproduction writes for Git to keep, from the project: locks, and outputs without a cache."""
    return (*_locks(forecast), *forecast.in_git)


def _locks(forecast: Forecast) -> tuple[str, ...]:
    return tuple(each.removesuffix(PIPELINE_FILE) + LOCK_FILE for each in forecast.pipelines)


class Copies(Struct, frozen=True, kw_only=True):
    """How handing over ended: why some is not taken along, and the directories that hold no file now."""

    left: tuple[str, ...] = ()
    emptied: tuple[str, ...] = ()


def hand_over(files: Files, paths: Sequence[str]) -> Copies:
    """Leave copies where the artifact takes them up. Empty directories are named: none holds them."""
    left, emptied = [], []
    for path in paths:
        try:
            for place, content in _contents(files, path).items():
                files.write(f"{LOCK}/{place}", content)
        except WorldError as error:
            if error.id == "not-a-file" and not any(files.list(path, links=True)):
                emptied.append(path)
            else:
                left.append(error.message)
    return Copies(left=tuple(left), emptied=tuple(emptied))


def _contents(files: Files, path: str) -> dict[str, bytes]:
    """The file at a path, or those below it. Raises WorldError for one that cannot be handed over."""
    if path.startswith("../"):
        return {}
    found = {each: files.read_if_there(each, limit=LARGEST) for each in [*files.list(path)] or [path]}
    return {each: content for each, content in found.items() if content is not None}


def handed(ground: Ground, artifact: Files, head: str, git: Git, config: Config, prefix: str) -> Handed:
    """What another job handed over for this commit, perhaps nothing. Writes nothing.

    Only what this checkout's own pipeline declares is looked at, and every lock must be one. Raises
    RefusedError when it belongs to another commit, or would replace what is not for a job to write.
    """
    evidence = read_evidence(artifact, PIPELINE)
    _refuse_another(evidence.commit, head, f"{artifact.root.name}/{LOCK}")
    forecast = plan(ground, Asked(offline=True))
    modes = {posixpath.relpath(each.path, prefix or "."): each.mode for each in git.tree(head, prefix)}
    locks = frozenset(_locks(forecast))
    taking = _Taking(
        files=ground.project,
        artifact=artifact,
        modes=modes,
        locks=locks,
        emptied=_words(evidence.figures.get(EMPTIED)),
    )
    writes, left = taking.of(kept_in_git(forecast))
    changed = [each.path for each in writes if each.change is not Change.KEEP]
    _refuse_links(changed, modes)
    _refuse_ours(changed, forecast, config)
    _refuse_uncommitted([*forecast.pipelines, *changed], git, prefix)
    pushed = evidence.figures.get("published")
    known = isinstance(pushed, str) and pushed in ground.dvc.remotes()
    return Handed(plan=Plan(files=writes), commit=head, left=left, remote=str(pushed) if known else None)


def nothing_handed(artifact: Files) -> RefusedError:
    """What to say to somebody who wanted a lock that the artifact does not bring."""
    return RefusedError(
        "the artifact brings no lock: the job found the committed one right, or did not get so far",
        id="lock-not-handed",
        where=f"{artifact.root.name}/{LOCK}",
        help="mlci run",
    )


def _refuse_another(commit: str, head: str, place: str) -> None:
    if commit == head + UNCOMMITTED:
        raise RefusedError(
            f"the artifact is of changes to {head[:10]} that were not committed",
            id="artifact-of-another-commit",
            where=place,
            help="take the artifact of a CI job, which runs on what is committed",
        )
    if commit != head:
        raise RefusedError(
            f"the artifact is of {commit[:10]}, and {head[:10]} is checked out",
            id="artifact-of-another-commit",
            where=place,
            help="git switch to the branch that the job ran for, or take its newest run's artifact",
        )


class _Taking(Struct, frozen=True, kw_only=True):
    """What an artifact holds, and what is to be done with it in this checkout.

    `modes` are those of the commit's files, by path from the project.
    """

    files: Files
    artifact: Files
    modes: Mapping[str, str]
    locks: frozenset[str]
    emptied: frozenset[str]

    def of(self, paths: Sequence[str]) -> tuple[tuple[FileWrite | FileDelete, ...], tuple[str, ...]]:
        """The writes for what is brought of these paths, and why some of it is left where it is."""
        writes: list[FileWrite | FileDelete] = []
        left: list[str] = []
        for path in paths:
            try:
                writes += self._output(path)
            except WorldError as error:
                if error.id != "file-too-large" or path in self.locks:
                    raise
                left.append(error.message)
        return tuple(writes), tuple(left)

    def _output(self, path: str) -> Sequence[FileWrite | FileDelete]:
        """A file, or a directory as a whole: what it lost goes."""
        place = f"{LOCK}/{path}"
        if path.startswith("../"):
            return ()
        inside = [each.removeprefix(f"{LOCK}/") for each in self.artifact.list(place)]
        is_file = not inside and self.artifact.exists(place)
        if not (inside or is_file or path in self.emptied):
            return []
        before = self._tracked(path)
        if before if is_file else self.modes.get(path) in _FILES:
            raise _of_another_kind(path, is_file=is_file)
        if is_file:
            return [self._write(path)]
        lost = sorted(before - {*inside})
        return [*map(self._write, inside), *(FileDelete(path=each) for each in lost)]

    def _tracked(self, path: str) -> set[str]:
        """The files that the commit holds below a directory, from the project."""
        return {each for each, mode in self.modes.items() if each.startswith(f"{path}/") and mode in _FILES}

    def _write(self, path: str) -> FileWrite:
        place = f"{LOCK}/{path}"
        content = self.artifact.read(place, limit=LARGEST)
        if path in self.locks:
            read_lock(content, name=place)
        before = self.files.read_if_there(path, limit=LARGEST)
        change = Change.CREATE if before is None else Change.KEEP if before == content else Change.UPDATE
        executable = self.modes.get(path) == _EXECUTABLE
        return FileWrite(path=path, content=content, executable=executable, change=change, before=before)


def _words(figure: JsonValue) -> frozenset[str]:
    listed = figure if isinstance(figure, list) else []
    return frozenset(each for each in listed if isinstance(each, str))


def _of_another_kind(path: str, *, is_file: bool) -> RefusedError:
    was, is_ = ("directory", "file") if is_file else ("file", "directory")
    return RefusedError(
        f"the output {quoted(path)} is a {was} in the commit, and the job made a {is_} of it",
        id="output-kind-changed",
        where=path,
        help=f"git rm -r -- {shlex.quote(path)} && git commit; the run of that commit hands it over",
    )


def _refuse_links(paths: Sequence[str], modes: Mapping[str, str]) -> None:
    """Refuse a path that the commit has a link for or on its way, or a file where a directory must be."""
    for path in paths:
        ways = [path[: each.start()] for each in re.finditer("/", path)]
        for way in (*ways, path):
            mode = modes.get(way)
            if mode is not None and (way != path or mode not in _FILES):
                what = _KINDS.get(mode, "a file")
                raise WorldError(
                    f"{quoted(path)} cannot be used: in the commit {quoted(way)} is {what}",
                    id="path-refused",
                    where=path,
                    help=_SEE_WHY,
                )


def _refuse_ours(paths: Sequence[str], forecast: Forecast, config: Config) -> None:
    """Refuse what people write and review, even if a stranger's `dvc.yaml` calls it an output.

    Case makes no difference, as it makes none on some machines that check this out.
    """
    locks = _locks(forecast)
    written = {each.file.casefold() for each in config.environments.values()}
    sources = [each.casefold() for each in forecast.read]
    for path in paths:
        if path in locks:
            continue
        folded = path.casefold()
        if owner := _owner(folded):
            raise _not_for_a_job(
                f"{quoted(path)}: by its name it is {owner}'s, whatever dvc.yaml calls it",
                "name that output otherwise in dvc.yaml",
            )
        if folded in written or any(is_inside(folded, each) for each in sources):
            raise _not_for_a_job(f"{quoted(path)}, which is not for a job to write", _SEE_WHY)


def _owner(folded: str) -> str | None:
    """Whose a file is by its name alone."""
    parts = folded.split("/")
    if parts[-1] in (PIPELINE_FILE, LOCK_FILE) or parts[-1].endswith(".dvc") or ".dvc" in parts:
        return "DVC"
    if parts[-1] == FILE:
        return "mlci"
    if not _CI_FILES.isdisjoint(parts) or any(each.startswith(_CI_BEGINS) for each in parts):
        return "CI"
    if any(each.startswith(".git") for each in parts):
        return "Git"
    return "a tool" if any(each.startswith(".") for each in parts) else None


def _not_for_a_job(what: str, help_: str) -> RefusedError:
    return RefusedError(
        f"the artifact would replace {what}", id="not-for-a-job", where=PIPELINE_FILE, help=help_
    )


def _refuse_uncommitted(paths: Sequence[str], git: Git, prefix: str) -> None:
    """Refuse to write over what nobody could bring back, or to trust a pipeline that is no commit's."""
    dirty = frozenset(git.dirty())
    for path in paths:
        if posixpath.normpath(posixpath.join(prefix, path)) in dirty:
            raise RefusedError(
                f"{quoted(path)} has changes that are not committed",
                id="uncommitted-changes",
                where=path,
                help="git stash keeps them, git restore drops them; then run the same command again",
            )
