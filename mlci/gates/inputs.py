"""What a gate read, so that evidence can say so."""

from collections.abc import Iterable

from mlci.core.digest import md5
from mlci.core.evidence import Input
from mlci.errors import WorldError
from mlci.ports.files import Files


def inputs_of(files: Files, paths: Iterable[str | None]) -> tuple[Input, ...]:
    """The files that could be read, each once; of the others a finding speaks."""
    return tuple(each for path in dict.fromkeys(paths) if path for each in _readable(files, path))


def _readable(files: Files, path: str) -> tuple[Input, ...]:
    try:
        return (input_of(files, path),)
    except WorldError:
        return ()


def input_of(files: Files, path: str) -> Input:
    """A file with the hash that `dvc.lock` would give it. Raises WorldError when it cannot be read."""
    with files.open(path) as stream:
        return Input(path=path, hash=f"md5:{md5(stream)}")
