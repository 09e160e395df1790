"""What changed inside a directory of data: files by its manifests, rows where the tables lie here."""

from collections.abc import Mapping
from posixpath import join

from msgspec import Struct
from msgspec.structs import replace

from mlci.app.side.outputs import Outputs
from mlci.app.side.tabular import Side
from mlci.core.diff import Inside
from mlci.core.dvc.files import Hashed
from mlci.core.wording import count
from mlci.errors import MlciError
from mlci.ports.tables import Tables, is_table

# Beyond this, counting would take longer than all the rest of a diff.
MOST_TABLES = 1_000

_FETCH = "`dvc fetch` brings what is missing"


class Held(Struct, frozen=True, kw_only=True):
    """A directory as it was recorded on one side; nothing where it is not."""

    path: str
    side: Side
    recorded: Hashed | None

    def files(self, outputs: Outputs) -> Mapping[str, str] | None:
        """Hash by path within it; None where its manifest is not here."""
        return {} if self.recorded is None else outputs.manifest(self.side.snapshot, self.recorded)


class Directories(Struct, frozen=True, kw_only=True):
    """Compares directories by what lies here of them; nothing is downloaded to be counted."""

    tables: Tables
    outputs: Outputs

    def inside(self, base: Held, head: Held) -> Inside | None:
        """The files that came, went or changed, and the rows of those; None where one side is a file."""
        sides = [each.recorded for each in (base, head) if each.recorded is not None]
        if not all(each.is_directory for each in sides):
            return None
        before, now = base.files(self.outputs), head.files(self.outputs)
        if before is None or now is None:
            return Inside(unknown=f"the directory's list of files is not here: {_FETCH}")
        changed = sorted(path for path in before.keys() & now.keys() if before[path] != now[path])
        moved = sorted({*changed, *(before.keys() ^ now.keys())})
        return self._counted(
            Inside(added=len(now.keys() - before), removed=len(before.keys() - now), changed=len(changed)),
            {path: (self._rows(base, path, before), self._rows(head, path, now)) for path in _some(moved)},
            sum(map(is_table, moved)),
        )

    def _counted(
        self, found: Inside, rows: Mapping[str, tuple[int | None, int | None]], tables: int
    ) -> Inside:
        if tables > len(rows):
            return replace(found, unknown=f"rows of {count(tables, 'changed table')} are not counted")
        known = [(before, now) for before, now in rows.values() if before is not None and now is not None]
        if len(known) < tables:
            absent = f"{tables - len(known)} of {count(tables, 'changed table')} cannot be read here"
            return replace(found, unknown=f"{absent}: {_FETCH}")
        if not tables:
            return found
        return replace(
            found,
            rows_added=sum(max(0, now - before) for before, now in known),
            rows_removed=sum(max(0, before - now) for before, now in known),
        )

    def _rows(self, held: Held, path: str, files: Mapping[str, str]) -> int | None:
        """The rows of a table, none where there is no such file; None where it cannot be read here."""
        if held.recorded is None or path not in files:
            return 0
        place = join(held.path, path)
        one = replace(held.recorded, path=place, value=files[path])
        try:
            source = self.outputs.here(held.side.snapshot, place, one)
            shape = None if source is None else self.tables.shape(source, place)
        except (MlciError, OSError):
            return None
        return None if shape is None else shape.rows


def _some(paths: list[str]) -> list[str]:
    """The tables among them, unless there are too many to be counted."""
    tables = [path for path in paths if is_table(path)]
    return tables if len(tables) <= MOST_TABLES else []
