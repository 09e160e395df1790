"""DVC through its command line; its files are read as files (`core.dvc.files`)."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from msgspec import Struct

from mlci.ports.process import Finished


class Missing(Struct, frozen=True, kw_only=True):
    """An output that a remote does not hold."""

    path: str


class Unreadable(Struct, frozen=True, kw_only=True):
    """Why a remote cannot be read, in few words; `denied` says that it answers, but not to us."""

    why: str
    denied: bool = False


class Dvc(Protocol):
    """Runs DVC in one project, analytics off, the user's Python first on PATH for stage commands."""

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
        ...

    def checkout(self) -> Finished:
        """Lay out what the cache holds of the recorded outputs; what it does not hold is left out."""
        ...

    def pull(self, targets: Sequence[str] = (), *, remote: str | None = None) -> Finished:
        """Bring outputs here from a remote."""
        ...

    def push(
        self, targets: Sequence[str] = (), *, remote: str | None = None, run_cache: bool = False
    ) -> Finished:
        """Send outputs to a remote."""
        ...

    def not_in_remote(self, *, remote: str | None = None) -> Sequence[Missing]:
        """Outputs that the remote does not hold, asked without pulling anything."""
        ...

    def unreadable(self, remote: str) -> Unreadable | None:
        """Why a remote cannot be read; None when it can be."""
        ...

    def get(self, path: str, revision: str, destination: Path, *, remote: str | None = None) -> Finished:
        """Put one output of another revision at a place outside the work tree."""
        ...

    def resolve(self, paths: Sequence[str]) -> Sequence[bytes]:
        """Pipeline files of the DVC root with `foreach`, `matrix` and `${…}` resolved. Raises ConfigError."""
        ...

    def manifests(self, names: Sequence[str], *, remote: str | None = None) -> Mapping[str, bytes]:
        """Directories' manifests from a remote, by hash; what it does not hold is left out."""
        ...

    def absent(self, names: Sequence[str], *, remote: str | None = None) -> Sequence[str]:
        """Those of these objects (by md5; a directory with all its files) that a remote does not hold."""
        ...

    def hashed(self, names: Sequence[str], *, remote: str | None = None) -> Mapping[str, str]:
        """What objects, and directories' files, hash to as a remote holds them; empty where it does not."""
        ...

    def cached(self, name: str) -> bool:
        """Whether the cache here holds an object; a directory with all its files."""
        ...

    def is_near(self, remote: str) -> bool:
        """Whether a remote is a directory of this machine, so that asking what it holds costs nothing."""
        ...

    def remotes(self) -> Sequence[str]:
        """The names of the configured remotes."""
        ...

    def default_remote(self) -> str | None:
        """The name of the default remote."""
        ...

    def cache_dir(self) -> Path:
        """Where the cache lies."""
        ...
