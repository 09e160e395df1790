"""What a child asks DVC's own code where its command line has no answer: templates, and what remotes hold.

`python -P -m mlci.adapters.dvc_child TASK`, the question as JSON on stdin, the answer as JSON on stdout.
"""

import json
import sys
from pathlib import Path
from typing import Any

from dvc.dvcfile import ProjectFile
from dvc.repo import Repo

from mlci.core.digest import md5

RULES = ("md5", "md5-dos2unix")
NOT_FOUND = 404
DENIED = (401, 403)


def resolve(repo: Any, question: dict[str, Any]) -> list[Any]:  # noqa: ANN401
    """Each pipeline file's stages with every template resolved."""
    root = Path(repo.root_dir)
    return [ProjectFile(repo, str(root / path)).resolver.resolve() for path in question["paths"]]


def manifests(repo: Any, question: dict[str, Any]) -> dict[str, str]:  # noqa: ANN401
    """The small objects of a remote, by hash; those it does not hold are left out."""
    found: dict[str, str] = {}
    for rule in RULES:
        store = repo.cloud.get_remote_odb(question["remote"], "manifests", hash_name=rule)
        for name in question["names"]:
            place = store.oid_to_path(name)
            if name not in found and store.fs.exists(place):
                with store.fs.open(place, "rb") as stream:
                    found[name] = stream.read().decode("utf-8")
    return found


def absent(repo: Any, question: dict[str, Any]) -> list[str]:  # noqa: ANN401
    """The objects that a remote holds by no rule; a directory is absent when any of its files is."""
    names: list[str] = question["names"]
    parts = _parts(repo, question)
    every = sorted({*names, *(part for files in parts.values() for part in files)})
    held: set[str] = set()
    for rule in RULES:
        store = repo.cloud.get_remote_odb(question["remote"], "objects", hash_name=rule)
        held |= set(store.oids_exist(every))
    return [name for name in names if name not in held or not held.issuperset(parts.get(name, ()))]


def hashed(repo: Any, question: dict[str, Any]) -> dict[str, str]:  # noqa: ANN401
    """What objects, and the files of directories, hash to as a remote holds them; empty where it does not."""
    parts = _parts(repo, question)
    found = dict.fromkeys((*question["names"], *(part for files in parts.values() for part in files)), "")
    for rule in RULES:
        store = repo.cloud.get_remote_odb(question["remote"], "objects", hash_name=rule)
        for name in [each for each, value in found.items() if not value]:
            if store.fs.exists(place := store.oid_to_path(name)):
                with store.fs.open(place, "rb") as stream:
                    found[name] = md5(stream, legacy=rule != "md5")
    return found


def _parts(repo: Any, question: dict[str, Any]) -> dict[str, list[str]]:  # noqa: ANN401
    """The files of the directories among these objects, as their manifests on a remote name them."""
    listed = manifests(
        repo, {**question, "names": [each for each in question["names"] if each.endswith(".dir")]}
    )
    return {name: [str(each["md5"]) for each in json.loads(text)] for name, text in listed.items()}


def probe(repo: Any, question: dict[str, Any]) -> dict[str, Any]:  # noqa: ANN401
    """Why a remote cannot be read: DVC itself takes one that does not answer for one that is empty."""
    try:
        store = repo.cloud.get_remote_odb(question["remote"], "probe")
        if store.fs.protocol == "local":
            place = Path(repo.cloud.get_remote(question["remote"], "probe").path)
            return {} if place.is_dir() else {"why": "there is no such directory here"}
        store.fs.info(store.oid_to_path("0" * 32))
    except Exception as error:  # noqa: BLE001 - every storage has errors of its own
        # Many file systems say that there is no such file of all that goes wrong; the first cause tells.
        cause = (error.__cause__ or error) if isinstance(error, FileNotFoundError) else error
        if isinstance(cause, FileNotFoundError) or _status(cause) == NOT_FOUND:
            return {}
        return {"why": f"{type(cause).__name__}: {cause}".splitlines()[0], "denied": _denied(cause)}
    return {}


def _denied(error: BaseException) -> bool:
    """Whether a storage answered that it does not know us, in the words of its own library."""
    words = ("Credential", "Authentication", "AccessDenied", "Forbidden", "Unauthorized")
    named = any(word in type(error).__name__ for word in words)
    return named or isinstance(error, PermissionError) or _status(error) in DENIED


def _status(error: BaseException) -> int:
    return int(getattr(error, "status", 0) or 0)


if __name__ == "__main__":
    task = {"resolve": resolve, "manifests": manifests, "absent": absent, "hashed": hashed, "probe": probe}[
        sys.argv[1]
    ]
    asked = json.load(sys.stdin)
    answer = sys.stdout
    sys.stdout = sys.stderr
    with Repo() as repository:
        json.dump(task(repository, asked), answer, default=str)
