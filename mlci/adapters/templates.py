"""Templates as folders: `template.toml`, and what lies below `files/`."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import mlci
from mlci.errors import UsageError
from mlci.ports.templates import Template


class TemplateFolders:
    """Every folder with a `template.toml` is a template; the folder's name is its id."""

    def __init__(self, root: Path | None = None) -> None:
        self._root = root or _shipped()

    def ids(self) -> tuple[str, ...]:
        """Their ids, in the order in which they are offered."""
        found = [file.parent for file in self._root.glob("*/template.toml")]
        return tuple(each.name for each in sorted(found, key=lambda each: (_about(each)["order"], each.name)))

    def read(self, template_id: str) -> Template:
        """One template. Raises UsageError when there is none of that id."""
        if template_id not in self.ids():
            raise UsageError(
                f"there is no template {template_id!r}",
                id="template-unknown",
                where="--template",
                help=f"choose one of: {', '.join(self.ids())}",
            )
        folder = self._root / template_id
        about = _about(folder)
        return Template(
            id=template_id,
            title=about["title"],
            defaults=about["defaults"],
            files=dict(_files(folder / "files")),
        )


def _shipped() -> Path:
    """Inside the installed package, or beside it in a checkout."""
    package = Path(mlci.__file__).parent
    inside = package / "templates"
    return inside if inside.is_dir() else package.parent / "templates"


def _about(folder: Path) -> dict[str, Any]:
    import tomllib

    return tomllib.loads((folder / "template.toml").read_text(encoding="utf-8"))


def _files(folder: Path) -> Iterator[tuple[str, bytes]]:
    for file in sorted(folder.rglob("*")):
        if file.is_file() and "__pycache__" not in file.parts:
            yield file.relative_to(folder).as_posix(), file.read_bytes()
