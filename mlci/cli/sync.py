"""`mlci sync`: write the CI files that the configuration asks for."""

from typing import TYPE_CHECKING

from mlci.cli.output import Output, Tone
from mlci.cli.verb import option, verb
from mlci.wiring import World

if TYPE_CHECKING:
    from mlci.app.sync import Sync
    from mlci.core.strictjson import JsonValue


@verb("mlci sync", "mlci sync --check", "mlci sync --dry-run")
@option("--check", is_flag=True, help="Write nothing; exit 6 when a file differs.")
@option("--dry-run", is_flag=True, help="Write nothing; show what would change.")
@option("--overwrite", is_flag=True, help="Replace files that were edited by hand.")
def command(world: World, out: Output, *, check: bool, dry_run: bool, overwrite: bool) -> None:
    """Write the CI files of every project in this repository, and remove what no longer belongs."""
    from mlci import __version__
    from mlci.adapters.files import FileTree
    from mlci.app import sync as use_case
    from mlci.app.project import find_projects, load_project, repository_root

    root = repository_root(world.directory)
    files = FileTree(root)
    # Without any project, loading the one that should be here says what to type.
    here = world.directory
    projects = [load_project(each, None, FileTree, seen_from=here) for each in find_projects(root) or (root,)]
    planned = use_case.plan_sync(projects, files, version=__version__, overwrite=overwrite)
    if check:
        use_case.check(planned)
    elif not dry_run:
        use_case.sync(planned, files, overwrite=overwrite)
    _show(out, planned, diffs=dry_run)


def _show(out: Output, planned: "Sync", *, diffs: bool) -> None:
    from mlci.render.changes import diff, summary

    pending = planned.plan.pending
    if out.json:
        changes: list[JsonValue] = [{"path": each.path, "change": each.change.value} for each in pending]
        out.document({"changes": changes, "edited": list(planned.edited)})
        return
    for each in pending:
        out.line(summary(each), Tone.STRONG if diffs else Tone.PLAIN)
        for line in diff(each) if diffs else ():
            out.line(line)
    for path in planned.edited if diffs else ():
        out.note(f"{path} was edited by hand: mlci sync stops there, mlci sync --overwrite replaces it")
    for missing in planned.missing:
        out.note(f"{missing.path} does not include mlci's jobs yet; add: {missing.line}")
    if not pending:
        out.line("every CI file is what mlci.yaml asks for")
