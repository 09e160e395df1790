"""What must hold between the parts of `mlci.yaml`: names that name something, no circles, no doubles."""

from collections.abc import Callable, Collection, Iterable, Mapping

from mlci.core.config import Config
from mlci.core.problems import did_you_mean, quoted
from mlci.core.schema import Problems
from mlci.core.waiver import WAIVABLE
from mlci.core.yaml.node import Node

NEWEST = "new"


def check_together(config: Config, node: Node, problems: Problems) -> Config:
    """The configuration itself; what its parts break together goes to `problems`."""
    _check_objectives(config, node, problems)
    _check_environments(config, node, problems)
    _check_baselines(config, node, problems)
    return config


def check_waivers(
    config: Config, node: Node, problems: Problems, gates_checks: Callable[[], Collection[str]]
) -> Config:
    """The configuration itself; a waiver of a check that there is not would waive nothing: a problem."""
    if not config.waivers:
        return config
    checks = WAIVABLE | {*gates_checks()}
    for index, each in enumerate(config.waivers):
        if each.check and each.check not in checks:
            place = node.find("waivers", index, "check")
            said = f"there is no check {quoted(each.check)} that can be waived"
            problems.add(place, "unknown-check", said, help=did_you_mean(each.check, checks, "checks"))
    return config


def _check_objectives(config: Config, node: Node, problems: Problems) -> None:
    seen: dict[tuple[str | None, ...], int] = {}
    for index, each in enumerate(config.objectives):
        if each.model and each.model not in config.models:
            place = node.find("objectives", index, "model")
            hint = did_you_mean(each.model, config.models, "models")
            problems.add(place, "unknown-model", f"there is no model {quoted(each.model)}", help=hint)
        same = (each.metric, each.model, each.source)
        if each.metric and seen.setdefault(same, index) != index:
            first = node.find("objectives", seen[same]).mark.line
            said = f"{quoted(each.metric)} has an objective already, on line {first}"
            problems.add(
                node.find("objectives", index), "objective-repeated", said, help="make one of the two"
            )


def _check_environments(config: Config, node: Node, problems: Problems) -> None:
    _check_environment_names(config.environments, node, problems)
    for name, environment in config.environments.items():
        for relation in ("follows", "needs"):
            target = getattr(environment, relation)
            known = config.environments.keys() | ({NEWEST} if relation == "follows" else set())
            if target and target not in known:
                place = node.find("environments", name, relation)
                hint = did_you_mean(target, known, "environments")
                problems.add(
                    place, "unknown-environment", f"there is no environment {quoted(target)}", help=hint
                )
    for relation in ("follows", "needs"):
        edges = {name: getattr(each, relation) for name, each in config.environments.items()}
        _check_cycles(edges, relation, node, problems)


def _check_environment_names(names: Iterable[str], node: Node, problems: Problems) -> None:
    seen: dict[str, str] = {}
    for name in names:
        place = node.find_key("environments", name)
        if name == NEWEST:
            said = "`new` means the newest version, so no environment can have that name"
            problems.add(place, "environment-reserved", said, help="choose another name")
        first = seen.setdefault(name.lower(), name)
        if first != name:
            said = f"{quoted(first)} and {quoted(name)} would share a file where capitals do not count"
            problems.add(place, "environment-repeated", said, help="choose another name")


def _check_cycles(edges: Mapping[str, str | None], relation: str, node: Node, problems: Problems) -> None:
    told: set[str] = set()
    for start in edges:
        way: list[str] = []
        here: str | None = start
        while here is not None and here in edges and here not in way:
            way.append(here)
            here = edges[here]
        if here is not None and here in way and not told.intersection(way):
            told.update(way)
            circle = " -> ".join([*way[way.index(here) :], here])
            place = node.find("environments", here, relation)
            problems.add(place, "environment-cycle", f"`{relation}` goes in a circle: {circle}")


def _check_baselines(config: Config, node: Node, problems: Problems) -> None:
    known = {"main", config.ci.branch, *config.environments}
    for index, baseline in enumerate(config.report.baselines):
        if baseline and baseline not in known:
            place = node.find("report", "baselines", index)
            said = f"{quoted(baseline)} is neither the branch nor an environment"
            problems.add(place, "unknown-baseline", said, help=did_you_mean(baseline, known, "baselines"))
