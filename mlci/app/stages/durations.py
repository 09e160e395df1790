"""How long each stage took the last time it ran here, so that whoever waits knows for how long."""

from collections.abc import Mapping

from mlci.app.stages.hashing import CACHE
from mlci.core.strictjson import JsonValue, NotJson, dumps, loads
from mlci.errors import WorldError
from mlci.ports.files import Files

DURATIONS = f"{CACHE}/durations.json"


def read_durations(files: Files) -> Mapping[str, float]:
    """Seconds by stage; nothing when they cannot be read."""
    try:
        content = files.read_if_there(DURATIONS)
        document = loads(content) if content is not None else None
    except (WorldError, NotJson):
        return {}
    pairs = document.items() if isinstance(document, dict) else ()
    return {name: float(took) for name, took in pairs if isinstance(took, int | float) and took >= 0}


def write_durations(files: Files, ran: Mapping[str, float]) -> None:
    """Remember what ran now beside what ran before."""
    if ran:
        known: dict[str, JsonValue] = {**read_durations(files), **ran}
        if not files.exists(f"{CACHE}/.gitignore"):
            files.write(f"{CACHE}/.gitignore", b"*\n")
        files.write(DURATIONS, dumps(known).encode())
