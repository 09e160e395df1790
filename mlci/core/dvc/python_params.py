"""Parameters that stand in a Python file. It is parsed, never run."""

import ast
from collections.abc import Iterator
from typing import Any


def python_values(text: str) -> dict[str, Any]:
    """Literals assigned at the top or in classes, as DVC reads Python parameters; nothing is run."""
    return dict(_assignments(ast.parse(text).body))


def _assignments(body: list[ast.stmt]) -> Iterator[tuple[str, Any]]:
    for statement in body:
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                yield from _literal(name, value)
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                yield from _literal(name, value)
            case ast.ClassDef(name=name, body=inner):
                yield name, dict(_assignments(inner))
            case ast.FunctionDef(name="__init__", body=inner):
                yield from _attributes(inner)
            case _:
                pass


def _attributes(body: list[ast.stmt]) -> Iterator[tuple[str, Any]]:
    """What a constructor sets on `self`."""
    for statement in body:
        match statement:
            case (
                ast.Assign(targets=[ast.Attribute(value=ast.Name(id="self"), attr=name)], value=value)
                | ast.AnnAssign(
                    target=ast.Attribute(value=ast.Name(id="self"), attr=name), value=ast.expr() as value
                )
            ):
                yield from _literal(name, value)
            case _:
                pass


def _literal(name: str, expression: ast.expr) -> Iterator[tuple[str, Any]]:
    try:
        value = ast.literal_eval(expression)
    except (ValueError, TypeError):
        return
    yield name, _as_data(value)


def _as_data(value: object) -> Any:  # noqa: ANN401
    if isinstance(value, tuple | list):
        return [_as_data(each) for each in value]
    if isinstance(value, set | frozenset):
        return sorted((_as_data(each) for each in value), key=repr)
    if isinstance(value, dict):
        return {str(name): _as_data(below) for name, below in value.items()}
    return value if value is None or isinstance(value, str | bool | int | float) else repr(value)
