"""`mlci contract`: what must be true of a table, as a file."""

from pathlib import PurePosixPath

import click

from mlci.cli.output import Output
from mlci.cli.verb import option, verb, verbs
from mlci.wiring import World


@verb(
    "mlci contract suggest data/train.parquet",
    "mlci contract suggest data/train.parquet --to contracts/train.yaml --dry-run",
)
@click.argument("dataset")
@option("--to", "to", metavar="FILE", help="Where to write it; contracts/<name>.yaml unless given.")
@option("--replace", is_flag=True, help="Write over a contract that stands already.")
@option("--dry-run", is_flag=True, help="Print the contract and write nothing.")
def suggest(world: World, out: Output, dataset: str, to: str | None, replace: bool, dry_run: bool) -> None:
    """Write a first contract from the data, for you to review."""
    from mlci.app.contract import suggest as suggested
    from mlci.core.plan import Change, FileWrite

    path = to or f"contracts/{PurePosixPath(dataset).stem}.yaml"
    replaces = replace or dry_run
    plan = suggested(dataset, path, world.files(), world.tables(), replace=replaces)
    (write,) = (each for each in plan.files if isinstance(each, FileWrite))
    text = write.content.decode()
    if dry_run:
        out.answer({"path": path, "change": write.change.value, "content": text}, text)
        return
    world.files().apply(plan)
    done = "unchanged" if write.change is Change.KEEP else f"{write.change.value}d"
    out.answer({"path": path, "change": write.change.value, "content": text}, f"{done} {path}")
    out.note(f"review it, then name it in mlci.yaml: gates.data.datasets.<name>.contract: {path}")


suggest.name = "suggest"
command = verbs("Write a contract for a table.", suggest)
