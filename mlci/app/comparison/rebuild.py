"""The base's outputs made again, where no remote could have kept them."""

from collections.abc import Callable
from pathlib import Path

from msgspec import Struct

from mlci.app.side.tabular import Side
from mlci.errors import WorldError
from mlci.ports.dvc import Dvc
from mlci.ports.git import Git

LIMIT = 1800.0


class Rebuilding(Struct, frozen=True, kw_only=True):
    """Reproduces a base in a throw-away checkout; `dvc_at` is DVC there, with the cache of here."""

    git: Git
    dvc: Dvc
    dvc_at: Callable[[Path], Dvc]
    prefix: str = ""

    def output(self, path: str, side: Side) -> bytes | None:
        """The bytes of one output made anew; None where a remote exists and so should have had it.

        Raises WorldError when the pipeline of that commit does not run here, or takes too long.
        """
        if side.snapshot.commit is None or self.dvc.remotes():
            return None
        if path not in side.declared.outs:
            raise WorldError(
                f"the base's pipeline does not make {path}",
                id="base-without-predictions",
                where=path,
                help=f"merge the stage that makes {path}; the change after it has a base",
            )
        with self.git.worktree(side.snapshot.commit) as tree:
            place = tree / self.prefix
            there = self.dvc_at(place)
            # DVC reproduces from data that lies there; it does not fetch what a `.dvc` file names by itself.
            there.checkout()
            done = there.repro(_makers(path, side), pull=False, timeout=LIMIT)
            if not done.ok:
                why = f"took more than {LIMIT:g} s" if done.timed_out else done.last_lines(1)
                raise _not_made(path, f"reproducing the base here failed: {why}")
            if not (place / path).is_file():
                raise _not_made(path, "DVC takes the base for up to date without making it")
            return (place / path).read_bytes()


def _not_made(path: str, why: str) -> WorldError:
    return WorldError(
        f"there is no DVC remote, and {why}",
        id="base-not-reproduced",
        where=path,
        help="dvc remote add --default storage URL, then dvc push on the base's branch",
    )


def _makers(path: str, side: Side) -> list[str]:
    """The stages that recorded the output; none named is the whole pipeline."""
    return [name for name, stage in side.declared.stages.items() if path in stage.outs and "/" not in name]
