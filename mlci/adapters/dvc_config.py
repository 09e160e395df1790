"""Where DVC's root, configuration and cache are, told from files: starting DVC to ask costs a second."""

import sys
from codecs import BOM_UTF8
from collections.abc import Iterator, Mapping
from pathlib import Path

from mlci.core.dvc.settings import DvcConfig, read_config

_LIMIT = 1024 * 1024


def dvc_root(project: Path, top: Path) -> Path:
    """The DVC root around a project: the nearest directory with a `.dvc/`, else the project itself."""
    around = [each for each in (project, *project.parents) if each == top or top in each.parents]
    return next((each for each in around if (each / ".dvc").is_dir()), project)


def find_config(root: Path, environment: Mapping[str, str]) -> DvcConfig | None:
    """What system, user, repository and this clone say; None when only DVC itself can tell."""
    places = _places(root, environment)
    if places is None:
        return None
    try:
        return read_config([(str(place.parent), _read(place)) for place in places if place.is_file()])
    except (OSError, UnicodeDecodeError):
        return None


def cache_of(root: Path, config: DvcConfig) -> Path:
    """Where the cache lies."""
    return root / ".dvc" / "cache" if config.cache is None else Path(config.home) / Path(config.cache)


def _places(root: Path, environment: Mapping[str, str]) -> list[Path] | None:
    if not sys.platform.startswith("linux"):
        return None
    own = [root / ".dvc" / "config", root / ".dvc" / "config.local"]
    return [*(each / "config" for each in _shared(environment)), *own]


def _shared(environment: Mapping[str, str]) -> Iterator[Path]:
    system = environment.get("XDG_CONFIG_DIRS", "").split(":")[0] or "/etc/xdg"
    home = environment.get("XDG_CONFIG_HOME") or Path(environment.get("HOME") or Path.home()) / ".config"
    yield Path(environment.get("DVC_SYSTEM_CONFIG_DIR") or Path(system, "dvc"))
    yield Path(environment.get("DVC_GLOBAL_CONFIG_DIR") or Path(home, "dvc"))


def _read(place: Path) -> str:
    with place.open("rb") as stream:
        return stream.read(_LIMIT).removeprefix(BOM_UTF8).decode()
