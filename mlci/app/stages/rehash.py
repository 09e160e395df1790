"""Outputs hashed from their bytes, by DVC's rules and without DVC: its cache and its state may be wrong."""

from mlci.core.digest import md5
from mlci.core.dvc.files import Hashed
from mlci.core.dvc.manifest import directory_hash, read_manifest
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
        raise _differing(path, found, recorded.value)


def verify_part(files: Files, path: str, recorded: Hashed, manifest: bytes) -> None:
    """Hold the files that are here of a directory against its manifest; others may be missing.

    One that the manifest does not name shows in the directory's hash, and makes its stage run. Raises
    IntegrityError also for a manifest that is not the one recorded.
    """
    promised = read_manifest(manifest, recorded.value)
    if promised is None:
        raise _differing(path, "another manifest", recorded.value)
    for name, found in _hashes(files, path, recorded).items():
        if found != promised.get(name, found):
            raise _differing(f"{path.rstrip('/')}/{name}", found, promised[name])


def _differing(path: str, found: str, recorded: str) -> IntegrityError:
    return IntegrityError(
        f"the bytes of {path} are not those of dvc.lock: {found} instead of {recorded}",
        id="bytes-differ",
        where=path,
        help=f"dvc pull --force {path}; if it differs again, the cache or the remote is damaged",
    )


def _file(files: Files, path: str, recorded: Hashed) -> str:
    with files.open(path) as stream:
        return md5(stream, legacy=recorded.legacy)


def _directory(files: Files, path: str, recorded: Hashed) -> str:
    """The hash of the manifest that these files make, and so of every name and every byte in it."""
    return directory_hash(_hashes(files, path, recorded))


def _hashes(files: Files, path: str, recorded: Hashed) -> dict[str, str]:
    found: dict[str, str] = {}
    # Outputs may be links into DVC's cache; it is the bytes behind them that count.
    for each in files.list(path, links=True):
        with files.open(each) as stream:
            found[each.removeprefix(path.rstrip("/") + "/")] = md5(stream, legacy=recorded.legacy)
    return found
