"""What to type after a run at somebody's desk."""

import posixpath
import shlex

from mlci.app.run import Place
from mlci.core.evidence import PIPELINE, Evidence
from mlci.core.finding import Verdict


def following(place: Place, evidence: tuple[Evidence, ...]) -> tuple[str, ...]:
    """The lines that keep what was reproduced, for Git and for others; none in CI, or when Git has it all."""
    pipeline = next((each for each in evidence if each.gate == PIPELINE), None)
    if place.context.provider is not None or pipeline is None or pipeline.verdict is Verdict.FAILED:
        return ()
    start = place.project.prefix or "."
    dirty = {posixpath.relpath(each, start) for each in place.git.dirty()}
    made = pipeline.figures.get("in_git")
    names = [str(each) for each in made if each in dirty] if isinstance(made, list) else []
    if not names:
        return ()
    kept = f"git add {' '.join(map(shlex.quote, names))} && git commit"
    return (kept, place.project.config.remotes.push) if place.dvc.remotes() else (kept,)
