"""What an earlier job of pull requests made with this lock, brought here and never believed unseen."""

import posixpath
from collections.abc import Mapping

from mlci.app.stages.catalogue import read_catalogue
from mlci.app.stages.ground import Ground
from mlci.app.stages.rehash import verify, verify_part
from mlci.core.dvc.files import Hashed, is_inside
from mlci.errors import WorldError


def bring_back(ground: Ground, *, reads: str, kept: str) -> None:
    """Bring from the remote `kept` what the remote `reads` lacks, as far as it can be had.

    Any pull request may write to `kept`, so the bytes are hashed. Raises IntegrityError when they are not
    those of the lock.
    """
    ground.progress.step(f"looking for results on the remote {kept}")
    try:
        missing = [each.path for each in ground.dvc.not_in_remote(remote=reads)]
    except WorldError as error:
        ground.progress.done(error.message)
        return
    if not missing:
        ground.progress.done("nothing that is needed")
        return
    had = ground.dvc.pull(missing, remote=kept).ok
    for path, recorded in _records(ground).items():
        wanted = any(is_inside(each.rstrip("/"), path) for each in missing)
        if wanted and recorded.algorithm == "md5" and ground.project.exists(path):
            _verify(ground, path, recorded, whole=had)
    ground.progress.done("found" if had else "not all of it is there")


def _verify(ground: Ground, path: str, recorded: Hashed, *, whole: bool) -> None:
    """Hold what is here of an output against its record; of a directory some files may have stayed away."""
    if whole or not recorded.is_directory:
        verify(ground.project, path, recorded)
    elif (manifest := ground.tree.cached(recorded.value, legacy=recorded.legacy)) is not None:
        verify_part(ground.project, path, recorded, manifest)


def _records(ground: Ground) -> Mapping[str, Hashed]:
    """What the locks and `*.dvc` files record, from the project."""
    catalogue = read_catalogue(ground.root, ground.tree, ground.dvc, ground.prefix)
    recorded = {**{path: each.recorded for path, each in catalogue.tracked.items()}, **catalogue.made()}
    return {posixpath.relpath(path, ground.prefix or "."): each for path, each in recorded.items()}
