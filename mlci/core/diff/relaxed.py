"""What a change asks less of than its base did, or something else: gates, tests, and limits that it moves.

The two configurations are compared field by field. What is not known to be harmless, or stricter, is told.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from enum import Enum

from msgspec import Struct
from msgspec.structs import replace

from mlci.core.config import Config, Environment, Judge, Margin, Objective, Waiver
from mlci.core.diff.findings import gate_removed
from mlci.core.diff.renames import advice, called_now, pointer
from mlci.core.dvc.nodes import json_of
from mlci.core.finding import Finding, Status
from mlci.core.problems import inert, quoted
from mlci.core.waiver import RED, speaks_of

RELAXED = "diff.relaxed"
WAIVERS = "diff.waivers"
# What decides nothing: who answers for something, where it stands in the file, how long CI waits and where.
HARMLESS = frozenset(
    {
        "version",
        "models.owner",
        "objectives.where",
        "waivers.owner",
        "waivers.reason",
        "waivers.where",
        "ci.timeout",
        "ci.stages",
        "report.comment",
    }
)
# What asks more where it was not there before, and where a switch is on.
_STRICTER_ADDED = frozenset(
    {"models.predictions", "models.test", "models.load", "environments.needs", "environments.deploy"}
)
_STRICTER_ON = frozenset({"ci.dedicated"})

_LESS = "less"
_OTHER = "something else"
_Key = tuple[str | None, str, str | None]


class Answers(Struct, frozen=True, kw_only=True):
    """What is known of this day, and the findings that a waiver may forgive here or once this is on main.

    `asked` are the checks, or whole gates by their names, whose findings are all here.
    """

    today: date
    findings: Sequence[Finding] = ()
    asked: frozenset[str] = frozenset()

    def waives_nothing(self, waiver: Waiver) -> bool:
        """Whether a waiver's check was asked, and nothing is or will be red that the waiver speaks of."""
        if self.asked.isdisjoint((waiver.check, waiver.check.partition(".")[0])):
            return False
        return not any(each.status in RED and speaks_of(waiver, each) for each in self.findings)


def unknown_base(why: str) -> Finding:
    """What tells that nobody can say what the base asked for."""
    return _unknown(f"what the base asks for is not known: {why}")


def unknown_change(why: str) -> Finding:
    """What tells that nobody here can say what a stranger's change asks for."""
    return _unknown(f"what the pull request asks for is not known here: {why}")


def _unknown(message: str) -> Finding:
    return Finding(
        check=RELAXED,
        subject="mlci.yaml",
        status=Status.WARN,
        message=inert(message),
        help="read the whole of mlci.yaml: what it asks for is this change's own word",
    )


def relaxed(before: Config, now: Config, answers: Answers | None = None) -> Iterator[Finding]:
    """One finding on each, for people to decide on: no change is to be green by what it forgives itself.

    Whatever is not known to be stricter is told. By the `answers` a waiver that forgives nothing is told as
    such.
    """
    yield from map(gate_removed, sorted(before.gates.keys() - now.gates))
    for gate in sorted(before.gates.keys() & now.gates):
        if json_of(before.gates[gate]) != json_of(now.gates[gate]):
            yield _told(f"gates.{gate}", _OTHER, "its part of mlci.yaml has changed")
    for name, model in sorted(before.models.items()):
        if name not in now.models:
            yield _told(name, _LESS, "the model is gone from mlci.yaml, and what was asked of it")
        else:
            yield from _other("models", name, model, now.models[name])
    yield from _all_objectives(before, now)
    yield from _waivers(before.waivers, now.waivers, answers)
    yield from _environments(before.environments, now.environments)
    for part in ("remotes", "ci", "report"):
        yield from _other(part, part, getattr(before, part), getattr(now, part))
    for name in ("version", "project", "python"):
        yield from _field(name, name, "mlci.yaml", getattr(before, name), getattr(now, name))


def _other(place: str, subject: str, was: Struct, now: Struct) -> Iterator[Finding]:
    for name in was.__struct_fields__:
        yield from _field(f"{place}.{name}", name, subject, getattr(was, name), getattr(now, name))


def _field(place: str, name: str, subject: str, was: object, now: object) -> Iterator[Finding]:
    if place in HARMLESS or was == now or (place in _STRICTER_ADDED and was is None):
        return
    if place in _STRICTER_ON and now is True:
        return
    if now is None or now is False:
        yield _told(subject, _LESS, f"`{name}:` is removed")
    elif isinstance(was, str | bool | None) and isinstance(now, str | bool):
        yield _told(subject, _OTHER, f"`{name}:` is {_written(now)} and was {_written(was)}")
    else:
        yield _told(subject, _OTHER, f"`{name}:` has changed")


def _written(value: str | bool | None) -> str:
    if value is None:
        return "not there"
    if isinstance(value, bool):
        return "true" if value else "false"
    return inert(quoted(value.value if isinstance(value, Enum) else value))


def _waivers(before: Sequence[Waiver], now: Sequence[Waiver], answers: Answers | None) -> Iterator[Finding]:
    """A waiver that comes, or holds for longer, forgives what was red, unless it forgives nothing."""
    for each in now:
        lasted = max((was.until for was in before if _covers(was, each)), default=None)
        of = inert(each.check if each.subject is None else f"{each.check} on {each.subject}")
        if lasted is not None and each.until <= lasted:
            continue
        if answers and answers.today > each.until:
            yield _idle(of, f"a waiver of {of} is written down that ended on {each.until}")
        elif answers and answers.waives_nothing(each):
            yield _idle(of, f"{of} is waived until {each.until}, and nothing of that is red")
        elif lasted is None:
            yield _told(of, _LESS, f"it is waived until {each.until}")
        else:
            yield _told(of, _LESS, f"it is waived until {each.until}, and was until {lasted}")


def _covers(was: Waiver, now: Waiver) -> bool:
    return was.check == now.check and was.subject in (None, now.subject)


def _environments(before: Mapping[str, Environment], now: Mapping[str, Environment]) -> Iterator[Finding]:
    for name, was in sorted(before.items()):
        if name not in now:
            yield _told(name, _LESS, "the environment is gone from mlci.yaml")
        else:
            yield from _other("environments", name, was, now[name])


def _by_key(objectives: Sequence[Objective]) -> Mapping[_Key, Sequence[Objective]]:
    found: dict[_Key, list[Objective]] = {}
    for each in objectives:
        found.setdefault((each.model, each.metric, each.source), []).append(each)
    return found


def _all_objectives(before: Config, now: Config) -> Iterator[Finding]:
    """Each objective of the base beside its own, or beside what it is called now."""
    asked, own = _by_key(before.objectives), _by_key(now.objectives)
    asked = {key: each for key, each in asked.items() if key[0] is None or key[0] in now.models}
    fresh = [key for key in own if key not in asked]
    lost = [key for key in asked if key not in own]
    heirs = {key: heir for key in lost if (heir := _heir(key, fresh, now.report.renamed))}
    left = [key for key in fresh if key not in heirs.values()]
    for key, was in asked.items():
        if key in own:
            yield from _objectives(_name(key), was, own[key])
        elif key in heirs:
            heir = heirs[key]
            yield _told(
                _name(heir), _OTHER, f"it is {_written(_place(heir))} and was {_written(_place(key))}"
            )
            yield from _objectives(_name(heir), was, own[heir])
        else:
            rivals = [each for each in lost if each not in heirs and _may_be(each, key)]
            may_be = [each for each in left if _may_be(each, key)]
            yield _removed(key, may_be[0] if len(may_be) == len(rivals) == 1 else None)


def _name(key: _Key) -> str:
    return ".".join(filter(None, key[:2]))


def _place(key: _Key) -> str:
    return f"{key[1]} from {key[2]}"


def _heir(key: _Key, fresh: Sequence[_Key], names: Mapping[str, str]) -> _Key | None:
    """An objective of the same value in a file: by another label, or at the place that it was renamed to."""
    model, _, source = key
    if source is None:
        return None
    places = {source, called_now(source, names)}
    found = [each for each in fresh if each[0] == model and each[2] in places]
    return found[0] if len(found) == 1 else None


def _may_be(one: _Key, other: _Key) -> bool:
    """Whether two objectives are of values of one file, so that one may be the other by a new name."""
    if one[2] is None or other[2] is None:
        return False
    return one[0] == other[0] and pointer(one[2]).path == pointer(other[2]).path


def _removed(key: _Key, heir: _Key | None) -> Finding:
    """An objective that is gone; `heir` is the only new one that it may be."""
    removed = _told(_name(key), _LESS, "the objective is removed")
    if heir is None or key[2] is None or heir[2] is None:
        return removed
    message = f"{removed.message}, and {_written(_place(heir))} is new"
    return replace(removed, message=message, help=advice(pointer(key[2]), pointer(heir[2])))


def _objectives(subject: str, was: Sequence[Objective], now: Sequence[Objective]) -> Iterator[Finding]:
    if len(was) == len(now) == 1:
        yield from _loosened(subject, was[0], now[0])
    elif list(map(_asked, was)) != list(map(_asked, now)):
        yield _told(subject, _OTHER, "its objectives have changed")


def _loosened(subject: str, was: Objective, now: Objective) -> Iterator[Finding]:
    if was.at_least is not None and (now.at_least is None or now.at_least < was.at_least):
        yield _told(subject, _LESS, _moved("at_least", was.at_least, now.at_least))
    if was.at_most is not None and (now.at_most is None or now.at_most > was.at_most):
        yield _told(subject, _LESS, _moved("at_most", was.at_most, now.at_most))
    if was.may_drop is not None and (how := _wider(was.may_drop, now.may_drop)):
        yield _told(subject, how, _moved("may_drop", _margin(was.may_drop), _margin(now.may_drop)))
    if was.direction is not now.direction:
        yield _told(subject, _OTHER, f"`direction` is {now.direction} and was {was.direction}")
    if was.exact and not now.exact:
        yield _told(subject, _LESS, "it is no more taken as exact")
    if now.exact and not was.exact and now.source is None:
        yield _told(subject, _OTHER, "it is judged by its value alone, no more by its interval")
    if was.judge is Judge.INTERVAL and now.judge is Judge.POINT:
        yield _told(subject, _LESS, "its limits are judged by the value alone, no more by its interval")


def _asked(objective: Objective) -> tuple[object, ...]:
    one = objective
    return one.at_least, one.at_most, one.may_drop, one.direction, one.exact, one.judge


def _wider(was: Margin, now: Margin | None) -> str | None:
    if now is None or (now.relative is was.relative and now.value > was.value):
        return _LESS
    return None if now.relative is was.relative else _OTHER


def _margin(margin: Margin | None) -> str | None:
    if margin is None:
        return None
    return f"{100 * margin.value:g} %" if margin.relative else f"{margin.value:g}"


def _moved(limit: str, was: float | str | None, now: float | str | None) -> str:
    return f"`{limit}` {was} is removed" if now is None else f"`{limit}` goes from {was} to {now}"


def _told(subject: str, how: str, what: str) -> Finding:
    return Finding(
        check=RELAXED,
        subject=subject,
        status=Status.WARN,
        message=f"the change asks {how} of {subject} than its base: {what}",
        help="keep it as it was in mlci.yaml, or say to your reviewers why it may change",
    )


def _idle(subject: str, what: str) -> Finding:
    return Finding(
        check=WAIVERS,
        subject=subject,
        status=Status.WARN,
        message=f"{what}: it forgives nothing",
        help="take it out of mlci.yaml",
    )
