"""What to type after a run at somebody's desk."""

import posixpath
import re
import shlex
from collections.abc import Sequence

from mlci.app.run import Place
from mlci.core.evidence import PIPELINE, Evidence
from mlci.core.finding import Verdict

# So many files are named; of more, or of one that Git would not take as it is written, all are meant.
_MOST = 6
_ODD = re.compile(r"[-:]|.*[*?\[\\]")


def following(place: Place, evidence: tuple[Evidence, ...]) -> tuple[str, ...]:
    """The lines that keep what was reproduced, for Git and for others; none in CI, or when Git has it all.

    What it was reproduced from is kept with it: the evidence is of the tree that holds both.
    """
    pipeline = next((each for each in evidence if each.gate == PIPELINE), None)
    if place.context.provider is not None or pipeline is None or pipeline.verdict is Verdict.FAILED:
        return ()
    start = place.project.prefix or "."
    dirty = [posixpath.relpath(each, start) for each in place.git.dirty()]
    made = pipeline.figures.get("in_git")
    names = [str(each) for each in made if each in dirty] if isinstance(made, list) else []
    if not names:
        return ()
    names += [each for each in dirty if each not in names and not each.startswith("../")]
    kept = f"git add {_written(names)} && git commit"
    return (kept, place.project.config.remotes.push) if place.dvc.remotes() else (kept,)


def _written(names: Sequence[str]) -> str:
    if len(names) > _MOST or any(_ODD.match(each) or not each.isprintable() for each in names):
        return "--all ."
    return " ".join(map(shlex.quote, names))
