"""`mlci resolve`: a version's commit, path and hash, for a deploy job."""

import click

from mlci.cli import completing
from mlci.cli.output import Output
from mlci.cli.verb import verb
from mlci.wiring import World


@verb("mlci resolve 'income#prod' --json", "mlci resolve income@v1.2.0", "mlci resolve income@latest")
@click.argument("reference", shell_complete=completing.references)
def command(world: World, out: Output, reference: str) -> None:
    """Say what REFERENCE (MODEL, MODEL@VERSION or MODEL#ENVIRONMENT) is made of."""
    from mlci.app.history import NOT_IN_JOURNAL
    from mlci.app.resolve import resolve
    from mlci.core.registry.fold import shown

    project = world.project()
    found = resolve(world.repository(), reference, config=project.config, prefix=project.prefix)
    if found.caution:
        out.note(found.caution)
    if out.json:
        out.document(found.document())
        return
    marks = [] if found.active else ["withdrawn"]
    marks += [NOT_IN_JOURNAL] if found.journaled is False else []
    facts = [
        ("model", found.model),
        ("version", "".join((shown(found.version), *(f" ({each})" for each in marks)))),
        ("commit", found.commit),
        ("tag", found.tag),
    ]
    facts += [("path", found.path), ("hash", found.hash), ("remote", found.remote), ("url", found.url)]
    facts += [("environment", found.environment)]
    facts += [("assigned by", found.assignment), ("since", found.since or found.registered)]
    facts += [("metric", str(each)) for each in found.metrics if each.whole]
    out.table(("FACT", "VALUE"), [each for each in facts if each[1]])
