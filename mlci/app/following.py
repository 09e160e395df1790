"""What to type after a run at somebody's desk."""

import posixpath
import re
import shlex
from collections.abc import Sequence
from pathlib import Path

from mlci.app.run import Place
from mlci.core.evidence import PIPELINE, Evidence
from mlci.core.finding import Verdict

# So many files are named; of more, or of one that Git would not take as it is written, all are meant.
_MOST = 6
_ODD = re.compile(r"[-:]|.*/[-:]|.*[*?\[\\]")


def following(place: Place, evidence: tuple[Evidence, ...], here: Path) -> tuple[str, ...]:
    """The lines that keep what was reproduced, for Git and for others; none in CI, or when Git has it all.

    What it was reproduced from is kept with it: the evidence is of the tree that holds both. Paths are from
    `here`, where they are typed.
    """
    pipeline = next((each for each in evidence if each.gate == PIPELINE), None)
    if place.context.provider is not None or pipeline is None or pipeline.verdict is Verdict.FAILED:
        return ()
    prefix, dirty, made = place.project.prefix, place.git.dirty(), pipeline.figures.get("in_git")
    paths = map(str, made) if isinstance(made, list) else ()
    names = [each for path in paths if (each := posixpath.normpath(posixpath.join(prefix, path))) in dirty]
    if not names:
        return ()
    inside = f"{prefix}/" if prefix else ""
    names += [each for each in dirty if each not in names and each.startswith(inside)]
    start = here.resolve().relative_to(place.project.root).as_posix()
    kept = f"git add {_written(names, prefix, start)} && git commit"
    return (kept, place.project.config.remotes.push) if place.dvc.remotes() else (kept,)


def _written(names: Sequence[str], prefix: str, start: str) -> str:
    """The files as Git takes them below `start`: each by its name, or the project as a whole."""
    if len(names) > _MOST or any(_ODD.match(each) or not each.isprintable() for each in names):
        return f"--all {shlex.quote(posixpath.relpath(prefix or '.', start))}"
    return " ".join(shlex.quote(posixpath.relpath(each, start)) for each in names)
