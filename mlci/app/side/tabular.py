"""Tables of one side of a diff: from the work tree, else from the bytes that were recorded."""

from collections.abc import Mapping, Sequence

from msgspec import Struct

from mlci.app.side.outputs import Outputs
from mlci.app.side.snapshot import Declared, Snapshot
from mlci.errors import WorldError
from mlci.ports.tables import Column, Tables

OUTPUT_MISSING = "predictions-missing"


class Side(Struct, frozen=True, kw_only=True):
    """One of the two commits, with what it declares."""

    snapshot: Snapshot
    declared: Declared


class SideTables(Struct, frozen=True, kw_only=True):
    """Reads tables as they are at a commit."""

    tables: Tables
    outputs: Outputs

    def read(
        self, path: str, side: Side, columns: Sequence[str], *, optional: Sequence[str] = (), text: str
    ) -> Mapping[str, Column]:
        """The named columns, and those optional ones that there are. Raises WorldError.

        The column `text` stays as written in formats without types.
        """
        if side.snapshot.commit is None and side.snapshot.files.exists(path):
            known = self.tables.schema(path)
            names = [*columns, *(name for name in optional if name in known)]
            return self.tables.read(path, names, text=[text])
        table = self.tables.read_bytes(self.content(path, side), path, text=[text])
        if absent := next((name for name in columns if name not in table), None):
            raise WorldError(
                f"there is no column {absent!r}; there are: {', '.join(table) or 'none'}",
                id="table-column",
                where=path,
            )
        return {name: table[name] for name in (*columns, *optional) if name in table}

    def content(self, path: str, side: Side) -> bytes:
        """The bytes of a file at a commit, or as it lies in the work tree. Raises WorldError."""
        content = self.outputs.read(side.snapshot, path, side.declared.outs)
        if content is None:
            from mlci.app.side.absence import absence  # noqa: PLC0415 - seldom is a file missing

            found = absence(self.outputs, side.snapshot, path, side.declared.outs)
            raise WorldError(f"{path} {found.why}", id=OUTPUT_MISSING, where=path, help=found.help)
        return content
