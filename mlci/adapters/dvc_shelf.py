"""Where DVC keeps objects on a disk: each under its hash, by the rule of DVC 3 or of DVC 2."""

from pathlib import Path

from msgspec import Struct

from mlci.core.digest import is_name
from mlci.core.strictjson import NotJson, loads

_NOWHERE = "unreadable"


class Shelf(Struct, frozen=True):
    """One such directory. Nothing it holds is believed: that a name is there is all that is asked."""

    root: Path

    def holds(self, name: str) -> bool:
        """Whether an object is there; a directory's, whether all its files are."""
        place = self._find(name)
        if place is None:
            return False
        return not name.endswith(".dir") or all(self._find(part) for part in _parts(place))

    def _find(self, name: str) -> Path | None:
        if not is_name(name):
            return None
        places = (self.root / "files" / "md5" / name[:2] / name[2:], self.root / name[:2] / name[2:])
        return next((each for each in places if each.is_file()), None)


def _parts(manifest: Path) -> list[str]:
    """The hashes in a directory's manifest; one that nothing has when it cannot be read."""
    try:
        document = loads(manifest.read_bytes())
    except (OSError, NotJson):
        return [_NOWHERE]
    entries = document if isinstance(document, list) else [None]
    return [str(each.get("md5", _NOWHERE)) if isinstance(each, dict) else _NOWHERE for each in entries]
