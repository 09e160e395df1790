"""A `dvc.yaml` with every `foreach`, `matrix` and `${…}` in it resolved by DVC's rules, without DVC.

For who looks at two commits and may start nothing; what runs here is resolved by DVC itself.
"""

from collections.abc import Iterator, Mapping
from itertools import product

from mlci.core.dvc.context import Context, Held, Variables
from mlci.core.dvc.files import PipelineFile, located, read_resolved
from mlci.core.dvc.nodes import json_of
from mlci.core.dvc.settings import Parsing
from mlci.core.dvc.templates import MOST_INSTANCES, as_text, holds_template
from mlci.core.problems import quoted
from mlci.core.strictjson import JsonValue
from mlci.core.yaml.node import DVC_LIMITS
from mlci.core.yaml.tree import parse

_USUAL = Parsing()
_Stages = Iterator[tuple[str, JsonValue]]


def resolved(
    content: bytes, name: str, home: str, variables: Variables, parsing: Parsing = _USUAL
) -> PipelineFile:
    """The stages of a `dvc.yaml` in the directory `home`. Raises ConfigError where they cannot be told.

    What DVC resolves is resolved likewise. Some of what DVC refuses is resolved, too: `${d.1}` where that key
    is a whole number and no text, and a date, which here is a text.
    """
    top = json_of(parse(content, name=name, limits=DVC_LIMITS))
    context = Context(variables=variables, home=home, parsing=parsing)
    try:
        stages = _all(top if isinstance(top, dict) else {}, context)
    except RecursionError as error:
        raise context.refusal("what they stand for is nested too deeply") from error
    return read_resolved({"stages": stages}, name=name)


def _all(whole: Mapping[str, JsonValue], context: Context) -> dict[str, JsonValue]:
    context.load_default()
    context.load(_without_templates(whole.get("vars"), context), context.home)
    stages: dict[str, JsonValue] = {}
    entries = whole.get("stages")
    for group, body in entries.items() if isinstance(entries, dict) else ():
        for each, stage in _stages(group, body, context):
            context.spend(len(each))
            stages[each] = stage
            if len(stages) > MOST_INSTANCES:
                raise context.refusal(f"they stand for more than {MOST_INSTANCES:,} stages")
    return stages


def _stages(group: str, body: JsonValue, context: Context) -> _Stages:
    if not isinstance(body, dict):
        yield group, body
    elif "matrix" in body:
        template = {key: value for key, value in body.items() if key != "matrix"}
        for key, axes in _combined(group, body["matrix"], context):
            yield f"{group}@{key}", _stage(template, context.with_item({"key": key, "item": axes}))
    elif "foreach" in body:
        for item in _items(group, body, context):
            yield f"{group}@{item[0]}", _stage(body.get("do"), context.with_item(item[1]))
    else:
        yield group, _stage(body, context)


def _stage(body: JsonValue, context: Context) -> JsonValue:
    if not isinstance(body, dict):
        return body
    wdir = body.get("wdir")
    named = _without_templates(body.get("vars"), context)
    if named:
        below = as_text(context.filled(wdir, "wdir")) if wdir else "."
        context = context.with_vars(named, located(below, context.home))
    return {key: context.filled(value, key) for key, value in body.items() if key != "vars"}


def _items(
    group: str, body: Mapping[str, JsonValue], context: Context
) -> Iterator[tuple[str, Mapping[str, JsonValue]]]:
    """Each item of a `foreach` by the name that DVC gives it, with what its stage knows of it."""
    given = body["foreach"]
    found, own = context.held(given) if isinstance(given, str) else (given, False)
    if isinstance(found, dict):
        names = {key: key if own else as_text(context.filled(key)) for key in found}
        for key, value in found.items():
            item = value if own else context.filled(value)
            yield names[key], {"item": item, "key": names[key]}
    elif isinstance(found, list):
        items = _held(found, context, own=own)
        if any(isinstance(value, list | dict) for value, _ in items):
            named = {str(at): value for at, (value, _) in enumerate(items)}
        else:
            named = {_name(each): each[0] for each in items}
        yield from ((key, {"item": value}) for key, value in named.items())
    else:
        raise context.refusal(f"the `foreach` of {quoted(group)} is neither a list nor a mapping")


def _combined(group: str, matrix: JsonValue, context: Context) -> Iterator[tuple[str, dict[str, JsonValue]]]:
    """Each combination of a `matrix` by its name."""
    found, own = context.held(matrix) if isinstance(matrix, str) else (matrix, False)
    if not isinstance(found, dict):
        raise context.refusal(f"the `matrix` of {quoted(group)} is no mapping")
    axes: dict[str, list[tuple[str, JsonValue]]] = {}
    most = 1
    for axis, given in found.items():
        name = axis if own else as_text(context.filled(axis))
        values, held = context.held(given) if isinstance(given, str) and not own else (given, own)
        if not isinstance(values, list):
            raise context.refusal(f"`{name}` in the `matrix` of {quoted(group)} is no list")
        axes[name] = [
            (f"{name}{at}" if isinstance(each[0], list | dict) else _name(each), each[0])
            for at, each in enumerate(_held(values, context, own=held))
        ]
        most *= len(values)
    if most > MOST_INSTANCES:
        raise context.refusal(
            f"the `matrix` of {quoted(group)} stands for more than {MOST_INSTANCES:,} stages"
        )
    for chosen in product(*axes.values()):
        key = "-".join(part for part, _ in chosen)
        yield key, {axis: value for axis, (_, value) in zip(axes, chosen, strict=True)}


def _held(values: list[JsonValue], context: Context, *, own: bool) -> list[Held]:
    """Each value, and whether it is a variable's own: then nothing in it is a template."""
    if own:
        return [(each, True) for each in values]
    return [context.held(each) if isinstance(each, str) else (context.filled(each), False) for each in values]


def _name(held: Held) -> str:
    """A value in a stage's name: what stands in the file as DVC writes it, a variable's as Python does."""
    value, own = held
    return str(value) if own else as_text(value)


def _without_templates(named: JsonValue, context: Context) -> JsonValue:
    if holds_template(named):
        raise context.refusal("`vars` may hold no templates itself")
    return named
