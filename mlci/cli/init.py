"""`mlci init`: begin a project."""

import shlex
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mlci.cli.output import Output, Tone
from mlci.cli.verb import option, verb
from mlci.errors import UsageError
from mlci.wiring import World

if TYPE_CHECKING:
    from mlci.app.init import Begun, Wish
    from mlci.core.strictjson import JsonValue
    from mlci.scaffold.answers import Answers


@verb("mlci init credit", "mlci init --template minimal --adopt", "mlci init churn --provider github --yes")
@click.argument("path", default=".", type=click.Path(path_type=Path))
@option("--template", metavar="ID", help="What to lay down: tabular-classification or minimal.")
@option("--name", help="The project's name; the directory's, unless told.")
@option("--model", help="The model's name.")
@option("--provider", multiple=True, help="Whose CI to write: github, gitlab or both.")
@option("--branch", help="The branch that versions come from; origin's own, unless told.")
@option("--python", help="The interpreter of the pipeline, when it is not .venv's.")
@option("--adopt", is_flag=True, help="Add what is missing to a directory that is not empty.")
@option("--yes", "-y", is_flag=True, help="Ask nothing; take what is proposed.")
@option("--dry-run", is_flag=True, help="Say what would be written, and write nothing.")
def command(world: World, out: Output, path: Path, **options: Any) -> None:  # noqa: ANN401
    """Begin a project in PATH: pipeline, gates, environments and CI. Files that stand are never changed."""
    from mlci import __version__
    from mlci.app.init import Hands, Wish, init, is_begun
    from mlci.core.printable import printable

    directory = world.directory / path
    if is_begun(directory):
        out.answer(
            {"created": [], "extended": [], "kept": [], "next": [], "written": False},
            printable(f"{path} is a project already: nothing to do. `mlci sync` writes its CI files."),
        )
        return
    asks = not options["yes"] and sys.stdin.isatty() and sys.stderr.isatty()
    template = _template(world, options, asks=asks)
    proposed = world.templates().read(template).defaults
    found = _branch_here(world, directory)
    proposed = {**proposed, "branch": found or "main"}
    wish = Wish(
        directory=directory,
        template=template,
        answers=_answers(directory, options, proposed, asks=asks),
        version=__version__,
        adopt=options["adopt"],
        dry_run=options["dry_run"],
    )
    hands = Hands(templates=world.templates(), process=world.process, files_at=world.files_at)
    _tell(out, init(wish, hands), wish, path)
    if found and options["branch"] is None:
        out.note(f"versions come from the branch {wish.answers.branch}: ci.branch in mlci.yaml")


def _branch_here(world: World, directory: Path) -> str | None:
    """The branch of the repository that stands there already, if one does."""
    from mlci.app.init import branch_of
    from mlci.app.project import repository_root

    root = repository_root(directory)
    return branch_of(world.repository_at(root)) if (root / ".git").exists() else None


def _template(world: World, options: Mapping[str, Any], *, asks: bool) -> str:
    ids = world.templates().ids()
    proposed = "minimal" if options["adopt"] else ids[0]
    if options["template"] is None and asks:
        return str(click.prompt("Template", proposed, type=click.Choice(ids), err=True))
    return str(options["template"] or proposed)


def _answers(
    directory: Path, options: Mapping[str, Any], proposed: Mapping[str, str], *, asks: bool
) -> "Answers":
    from mlci.scaffold.answers import PROVIDERS, Answers, name_from

    def answer(question: str, text: str, default: str) -> str:
        given: str | None = options.get(question)
        if given is None:
            return _asked(question, text, default) if asks else default
        return given

    return Answers(
        name=answer("name", "Project", name_from(directory.resolve().name)),
        model=answer("model", "Model", proposed["model"]),
        providers=options["provider"] or _listed(answer("providers", "CI providers", ",".join(PROVIDERS))),
        branch=answer("branch", "Branch that versions come from", proposed["branch"]),
        python=options["python"],
    )


def _listed(providers: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(providers.split(",")))


def _asked(question: str, text: str, default: str) -> str:
    """What the person says, asked again until it can be used."""
    from mlci.scaffold.answers import check

    def checked(said: str) -> str:
        try:
            return check(question, said.strip())
        except UsageError as error:
            raise click.UsageError(f"{error.message}; {error.help}") from error

    return str(click.prompt(text, default, err=True, value_proc=checked))


def _tell(out: Output, begun: "Begun", wish: "Wish", path: Path) -> None:
    going = [] if path == Path() else [f"cd {shlex.quote(str(path))}"]
    following = [*going, *begun.next]
    if out.json:
        document: dict[str, JsonValue] = {word: list(paths) for word, _, paths in _groups(begun)}
        out.document({**document, "next": list(following), "written": not wish.dry_run})
        return
    verb = "Would write" if wish.dry_run else "Wrote"
    out.line(f"{verb} {wish.answers.name} ({wish.template}) into {path}", Tone.STRONG)
    for _, sign, paths in _groups(begun):
        for each in paths:
            out.line(f"  {sign} {each}", Tone.FAINT if sign == "=" else Tone.PLAIN)
    if begun.kept:
        out.line("  (= was there already and stays as it is)", Tone.FAINT)
    for missing in begun.missing:
        out.note(f"{missing.path} is yours and does not include mlci's jobs yet; add: {missing.line}")
    if not wish.dry_run:
        _say_what_follows(out, following)
        if ".dvc/config" not in begun.kept:
            _say_where_data_stays(out, wish)


def _groups(begun: "Begun") -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """What became of the files: a word for programs, a sign for people, the paths."""
    from mlci.core.plan import Change

    for word, sign, change in (("created", "+", Change.CREATE), ("extended", "~", Change.UPDATE)):
        yield word, sign, tuple(each.path for each in begun.plan.files if each.change is change)
    yield "kept", "=", begun.kept


def _say_what_follows(out: Output, following: Sequence[str]) -> None:
    out.line()
    out.line("Type next:", Tone.STRONG)
    for line in following:
        out.line(f"  {line}")


def _say_where_data_stays(out: Output, wish: "Wish") -> None:
    out.line()
    out.line("Data stays in .dvc/storage on this machine. CI and other people need a place they can reach:")
    out.line(f"  dvc remote modify storage url s3://BUCKET/{wish.answers.name} && dvc push")
