"""`mlci contract suggest`: a first contract, written from the data."""

from mlci.core.plan import Change, FileWrite, Plan
from mlci.errors import RefusedError
from mlci.ports.files import Files
from mlci.ports.tables import Tables


def suggest(dataset: str, path: str, files: Files, tables: Tables, *, replace: bool = False) -> Plan:
    """The plan that writes a contract for a table. Raises RefusedError where another one stands already."""
    from mlci.gates.data.contract_text import contract_text  # noqa: PLC0415 - the gate's room is heavy
    from mlci.gates.data.suggest import suggest as suggested  # noqa: PLC0415

    content = contract_text(suggested(tables, dataset), dataset).encode()
    before = files.read_if_there(path)
    if before is not None and before != content and not replace:
        raise RefusedError(
            f"{path} stands already, and people may have edited it",
            id="contract-exists",
            where=path,
            help="name another file with --to, or add --replace",
        )
    change = Change.CREATE if before is None else Change.KEEP if before == content else Change.UPDATE
    return Plan(files=(FileWrite(path=path, content=content, change=change, before=before),))
