"""Where DVC's stages are looked at and run, with the hands for it."""

from msgspec import Struct

from mlci.ports.clock import Clock
from mlci.ports.dvc import Dvc
from mlci.ports.files import Files
from mlci.ports.progress import Progress
from mlci.ports.worktree import WorkTree


class Ground(Struct, frozen=True, kw_only=True):
    """The DVC root's files, the project's own, and `prefix`, the way between them."""

    root: Files
    project: Files
    tree: WorkTree
    dvc: Dvc
    clock: Clock
    progress: Progress
    prefix: str = ""
