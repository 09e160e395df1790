"""DVC through its command line, in our own interpreter; stage commands find the user's environment first."""

import posixpath
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path

from mlci.adapters.dvc_config import cache_of, find_config
from mlci.adapters.dvc_shelf import Shelf
from mlci.core.dvc.settings import DvcConfig
from mlci.core.strictjson import JsonValue, NotJson, dumps, loads
from mlci.errors import ConfigError, WorldError
from mlci.ports.dvc import Missing, Unreadable
from mlci.ports.process import Command, Finished, Process

_QUIET = {"DVC_NO_ANALYTICS": "1", "DVC_TEST": "1"}  # the second keeps DVC from asking for updates
_DVC = ("dvc",)
_TRANSFER = 4 * 3600.0
_QUESTION = 600.0
_WHOLE_DAY = 24 * 3600.0


class DvcCli:
    """DVC in one project directory; `environment` is the user's (`UserPython.environment`).

    `root` is the DVC root; with it, and `settings`, the variables that say where configuration is, what the
    configuration says is read without starting DVC.

    A stage is never reproduced alone or with missing data allowed: DVC then takes old outputs for new ones.
    """

    def __init__(
        self,
        process: Process,
        project: Path,
        environment: Mapping[str, str],
        *,
        root: Path | None = None,
        settings: Mapping[str, str] | None = None,
    ) -> None:
        self._process = process
        self._project = project
        self._environment = {**environment, **_QUIET}
        self._root = root
        self._settings = settings or {}

    def repro(
        self,
        targets: Sequence[str] = (),
        *,
        pull: bool,
        remote: str | None = None,
        run_cache: bool = True,
        force: bool = False,
        timeout: float | None = None,
        on_line: Callable[[str], None] | None = None,
    ) -> Finished:
        """Bring targets (all, if none is named) up to date, in time; `force` runs every stage anew.

        `remote` takes the place of the default one for what is pulled.
        """
        asked = {"--pull": pull, "--no-run-cache": not run_cache, "--force": force}
        options = [option for option, wanted in asked.items() if wanted]
        module = ("mlci.adapters.dvc_from", remote) if remote else _DVC
        arguments = ("repro", *options, *_named(targets))
        return self._dvc(*arguments, module=module, timeout=timeout or _WHOLE_DAY, on_line=on_line)

    def checkout(self) -> Finished:
        """Lay out what the cache holds of the recorded outputs; what it does not hold is left out."""
        return self._dvc("checkout", "--allow-missing", timeout=_TRANSFER)

    def pull(self, targets: Sequence[str] = (), *, remote: str | None = None) -> Finished:
        """Bring outputs here from a remote."""
        return self._dvc("pull", *_from(remote), *_named(targets), timeout=_TRANSFER)

    def push(
        self, targets: Sequence[str] = (), *, remote: str | None = None, run_cache: bool = False
    ) -> Finished:
        """Send outputs to a remote."""
        options = ["--run-cache"] if run_cache else []
        return self._dvc("push", *options, *_from(remote), *_named(targets), timeout=_TRANSFER)

    def not_in_remote(self, *, remote: str | None = None) -> Sequence[Missing]:
        """Outputs that the remote does not hold, asked without pulling anything. Raises WorldError."""
        question = ("data", "status", "--not-in-remote", "--granular", "--json", *_from(remote))
        return [Missing(path=path) for path in _missing(self._fine(*question))]

    def get(self, path: str, revision: str, destination: Path, *, remote: str | None = None) -> Finished:
        """Put one output of another revision at a place outside the work tree."""
        options = ["--rev", revision, "--out", str(destination), "--force"]
        options += ["--remote", remote] if remote else []
        # DVC counts an output's path from its root, wherever in it we are.
        above = "" if self._root is None else self._project.relative_to(self._root).as_posix()
        place = posixpath.normpath(posixpath.join(above, path))
        return self._dvc("get", *options, "--", ".", place, timeout=_TRANSFER)

    def resolve(self, paths: Sequence[str]) -> Sequence[bytes]:
        """Pipeline files of the DVC root with `foreach`, `matrix` and `${…}` resolved. Raises ConfigError."""
        done = self._inside("resolve", {"paths": [*paths]})
        answer = _parsed(done.stdout) if done.ok else None
        if not isinstance(answer, list):
            raise _unresolved(done.last_lines(1) or "it took too long", paths[0])
        try:
            return [dumps(each, indent=None).encode() for each in answer]
        except UnicodeEncodeError as error:
            raise _unresolved("they stand for half a character", paths[0]) from error

    def manifests(self, names: Sequence[str], *, remote: str | None = None) -> Mapping[str, bytes]:
        """Directories' manifests from a remote, by hash; what it does not hold is left out."""
        done = self._inside("manifests", {"names": [*names], "remote": remote})
        answer = _parsed(done.stdout) if done.ok else None
        if not isinstance(answer, dict):
            raise WorldError(f"dvc: {done.last_lines(5)}", id="dvc-failed", help="mlci doctor")
        return {name: content.encode() for name, content in answer.items() if isinstance(content, str)}

    def absent(self, names: Sequence[str], *, remote: str | None = None) -> Sequence[str]:
        """Those of these objects (by md5; a directory with all its files) that a remote does not hold."""
        shelf = self._shelf(remote)
        if shelf is not None:
            return [name for name in names if not shelf.holds(name)]
        done = self._inside("absent", {"names": [*names], "remote": remote})
        answer = _parsed(done.stdout) if done.ok else None
        if not isinstance(answer, list):
            raise WorldError(f"dvc: {done.last_lines(5)}", id="dvc-failed", help="mlci doctor")
        return [str(each) for each in answer]

    def hashed(self, names: Sequence[str], *, remote: str | None = None) -> Mapping[str, str]:
        """What objects, and directories' files, hash to as a remote holds them; empty where it does not."""
        done = self._inside("hashed", {"names": [*names], "remote": remote})
        answer = _parsed(done.stdout) if done.ok else None
        if not isinstance(answer, dict):
            raise WorldError(f"dvc: {done.last_lines(5)}", id="dvc-failed", help="mlci doctor")
        return {name: str(value) for name, value in answer.items()}

    def cached(self, name: str) -> bool:
        """Whether the cache here holds an object; a directory with all its files."""
        return Shelf(self.cache_dir()).holds(name)

    def unreadable(self, remote: str) -> Unreadable | None:
        """Why a remote cannot be read; None when it can be."""
        done = self._inside("probe", {"remote": remote})
        answer = _parsed(done.stdout) if done.ok else None
        if not isinstance(answer, dict):
            return Unreadable(why=done.last_lines(1) or "it does not answer")
        why = answer.get("why")
        return Unreadable(why=str(why), denied=answer.get("denied") is True) if why else None

    def is_near(self, remote: str) -> bool:
        """Whether a remote is a directory of this machine, so that asking what it holds costs nothing."""
        return self._shelf(remote) is not None

    def remotes(self) -> Sequence[str]:
        """The names of the configured remotes."""
        if self._known is not None:
            return self._known.remotes
        keys = (key.split(".") for key in self._listed if key.startswith("remote."))
        return sorted({".".join(parts[1:-1]) for parts in keys})

    def default_remote(self) -> str | None:
        """The name of the default remote."""
        return self._listed.get("core.remote") if self._known is None else self._known.default

    def cache_dir(self) -> Path:
        """Where the cache lies."""
        if self._root is not None and self._known is not None:
            return cache_of(self._root, self._known)
        return self._project / self._fine("cache", "dir").decode("utf-8", "surrogateescape").strip()

    def use_cache(self, place: Path) -> None:
        """Let this checkout, and it alone, stand on the cache of another."""
        self._fine("cache", "dir", "--local", str(place))

    def _shelf(self, remote: str | None) -> Shelf | None:
        """A remote that is a directory of this machine, and so needs no DVC to be looked at."""
        if self._known is None:
            return None
        url = self._known.urls.get((remote or self._known.default or "").lower(), "")
        return Shelf(Path(url)) if url and Path(url).is_dir() else None

    @cached_property
    def _known(self) -> DvcConfig | None:
        return None if self._root is None else find_config(self._root, self._settings)

    @cached_property
    def _listed(self) -> Mapping[str, str]:
        lines = self._fine("config", "--list").decode("utf-8", "surrogateescape").splitlines()
        return {key: value for key, _, value in (line.partition("=") for line in lines)}

    def _inside(self, task: str, question: JsonValue) -> Finished:
        """Ask DVC's own code, in a child of its own."""
        command = Command(
            argv=(sys.executable, "-P", "-m", "mlci.adapters.dvc_child", task),
            cwd=self._project,
            environment=self._environment,
            stdin=dumps(question, indent=None).encode(),
            timeout=_QUESTION,
        )
        return self._process.run(command)

    def _fine(self, *arguments: str) -> bytes:
        done = self._dvc(*arguments, timeout=_TRANSFER)
        if not done.ok:
            why = "took too long" if done.timed_out else done.last_lines(5)
            raise WorldError(f"dvc {arguments[0]}: {why}", id="dvc-failed", help="mlci doctor")
        return done.stdout

    def _dvc(
        self,
        *arguments: str,
        timeout: float,
        module: Sequence[str] = _DVC,
        on_line: Callable[[str], None] | None = None,
    ) -> Finished:
        command = Command(
            # -P: a `dvc.py` or `yaml/` of the project must not be taken for the real one
            argv=(sys.executable, "-P", "-m", *module, *arguments),
            cwd=self._project,
            environment=self._environment,
            timeout=timeout,
        )
        return self._process.run(command, on_line)


def _unresolved(why: str, path: str) -> ConfigError:
    return ConfigError(
        f"DVC cannot resolve the templates: {why}", id="dvc-template", where=path, help="dvc stage list"
    )


def _named(targets: Sequence[str]) -> list[str]:
    return ["--", *targets] if targets else []


def _from(remote: str | None) -> list[str]:
    return ["--remote", remote] if remote else []


def _parsed(answer: bytes) -> JsonValue:
    try:
        return loads(answer)
    except NotJson:
        return None


def _missing(answer: bytes) -> list[str]:
    try:
        document = loads(answer)
    except NotJson as error:
        raise WorldError(f"dvc data status: {error}", id="dvc-failed", help="mlci doctor") from error
    paths = document.get("not_in_remote", []) if isinstance(document, dict) else []
    return sorted(str(path) for path in paths) if isinstance(paths, list) else []
