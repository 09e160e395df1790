"""Outputs hashed from their bytes, by DVC's rules and without DVC: its cache and its state may be wrong."""

from mlci.core.digest import md5
from mlci.core.dvcfiles import Hashed
from mlci.core.manifest import directory_hash
from mlci.errors import IntegrityError, RefusedError
from mlci.ports.files import Files


def verify(files: Files, path: str, recorded: Hashed) -> None:
    """Hold an output's bytes against its record. Raises IntegrityError when they differ."""
    if recorded.algorithm != "md5" or not recorded.value:
        raise RefusedError(
            f"dvc.lock records no md5 of {path}, so its bytes cannot be proven",
            id="hash-unsupported",
            where="dvc.lock",
            help=f"reproduce {path} with a remote that is not cloud-versioned",
        )
    found = _directory(files, path, recorded) if recorded.is_directory else _file(files, path, recorded)
    if found != recorded.value:
        raise IntegrityError(
            f"the bytes of {path} are not those of dvc.lock: {found} instead of {recorded.value}",
            id="bytes-differ",
            where=path,
            help=f"dvc pull --force {path}; if it differs again, the cache or the remote is damaged",
        )


def _file(files: Files, path: str, recorded: Hashed) -> str:
    with files.open(path) as stream:
        return md5(stream, legacy=recorded.legacy)


def _directory(files: Files, path: str, recorded: Hashed) -> str:
    """The hash of the manifest that these files make, and so of every name and every byte in it."""
    manifest: dict[str, str] = {}
    # Outputs may be links into DVC's cache; it is the bytes behind them that count.
    for each in files.list(path, links=True):
        with files.open(each) as stream:
            manifest[each.removeprefix(path.rstrip("/") + "/")] = md5(stream, legacy=recorded.legacy)
    return directory_hash(manifest)
