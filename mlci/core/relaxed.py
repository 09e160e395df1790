"""What a change asks less of than its base did: gates and tests that it takes away, limits that it moves."""

from collections.abc import Iterator

from mlci.core.config import Config, Judge, Margin, Objective
from mlci.core.diff_findings import gate_removed
from mlci.core.finding import Finding, Status

RELAXED = "diff.relaxed"


def relaxed(before: Config, now: Config) -> Iterator[Finding]:
    """One finding on each, for people to decide on: no change is to be green by what it forgives itself."""
    yield from map(gate_removed, sorted(before.gates.keys() - now.gates))
    for name in sorted(before.models.keys() & now.models):
        if before.models[name].test and not now.models[name].test:
            yield _told(name, "`test:` is removed, so nobody asks whether its predictions are whole")
    own = {_key(each): each for each in now.objectives}
    for was in before.objectives:
        if was.model is None or was.model in now.models:
            subject = ".".join(filter(None, (was.model, was.metric)))
            yield from (_told(subject, each) for each in _loosened(was, own.get(_key(was))))


def _key(objective: Objective) -> tuple[str | None, str]:
    return objective.model, objective.metric


def _loosened(was: Objective, now: Objective | None) -> Iterator[str]:
    if now is None:
        yield "the objective is removed"
        return
    if was.at_least is not None and (now.at_least is None or now.at_least < was.at_least):
        yield _moved("at_least", was.at_least, now.at_least)
    if was.at_most is not None and (now.at_most is None or now.at_most > was.at_most):
        yield _moved("at_most", was.at_most, now.at_most)
    if was.may_drop is not None and _is_wider(was.may_drop, now.may_drop):
        yield _moved("may_drop", _written(was.may_drop), _written(now.may_drop) if now.may_drop else None)
    if was.judge is Judge.INTERVAL and now.judge is Judge.POINT:
        yield "its limits are judged by the value alone, no more by its interval"


def _is_wider(was: Margin, now: Margin | None) -> bool:
    return now is None or now.relative != was.relative or now.value > was.value


def _written(margin: Margin) -> str:
    return f"{100 * margin.value:g} %" if margin.relative else f"{margin.value:g}"


def _moved(limit: str, was: float | str, now: float | str | None) -> str:
    return f"`{limit}` {was} is removed" if now is None else f"`{limit}` goes from {was} to {now}"


def _told(subject: str, what: str) -> Finding:
    return Finding(
        check=RELAXED,
        subject=subject,
        status=Status.WARN,
        message=f"the change asks less of {subject} than its base: {what}",
        help="keep it as it was in mlci.yaml, or say to your reviewers why less is enough",
    )
