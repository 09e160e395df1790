"""What the names in DVC's templates stand for: `${train.lr}`, `${item}`, as DVC itself looks them up."""

import re
import shlex
from collections.abc import Callable, Iterator, Mapping
from typing import cast

from msgspec import Struct, field

from mlci.core.dvc.files import PARAMS_FILE, PIPELINE_FILE, located
from mlci.core.dvc.lookup import Absent, below
from mlci.core.dvc.settings import Parsing
from mlci.core.dvc.templates import as_text, templates
from mlci.core.problems import quoted, shown
from mlci.core.strictjson import JsonValue
from mlci.core.yaml.node import DVC_LIMITS, MIB
from mlci.errors import ConfigError

# The values of a file of variables, by path from the project; None when there is no such file.
Variables = Callable[[str], Mapping[str, JsonValue] | None]
# What a text stands for, and whether it is a variable's own value, which DVC writes another way into a name.
Held = tuple[JsonValue, bool]

_NAME = re.compile(r"[^.\[\]]+(?:\.[^.\[\]]+|\[[^.\[\]]+\])*")
_MOST = DVC_LIMITS.size
_EACH = 32  # characters: what a value takes beside its text


class _Budget(Struct):
    """How many characters may yet be written: a short template may stand for a long text."""

    left: int = _MOST

    def spend(self, characters: int) -> bool:
        """Whether there was room for them."""
        self.left -= characters
        return self.left >= 0


class Context(Struct, kw_only=True):
    """The variables of a `dvc.yaml` or of one stage. `home` is the directory of the file.

    `imports` are the files that were loaded, with the keys that were taken of each: None is all of it.
    `item` is what one stage of a `foreach` or `matrix` knows beside the variables, `parsing` what DVC's
    configuration says of options. `budget` is what all contexts of one file share.
    """

    variables: Variables
    home: str = ""
    values: dict[str, JsonValue] = field(default_factory=dict)
    imports: dict[str, frozenset[str] | None] = field(default_factory=dict)
    item: Mapping[str, JsonValue] = field(default_factory=dict)
    parsing: Parsing = Parsing()
    budget: _Budget = field(default_factory=_Budget)

    def load_default(self) -> None:
        """Take the parameters file, which need not be there."""
        path = located(PARAMS_FILE, self.home)
        if (found := self.variables(path)) is not None:
            self._merge(found)
            self.imports[path] = None

    def load(self, named: JsonValue, directory: str) -> None:
        """Take what stands under `vars:`, of the file or of one stage."""
        for each in named if isinstance(named, list) else []:
            if isinstance(each, dict):
                self._merge(each)
            elif isinstance(each, str):
                self._load_file(each, directory)
            else:
                raise self.refusal(f"`vars` holds {_kind(each)}, and no file or mapping")

    def with_vars(self, named: JsonValue, directory: str) -> "Context":
        """The variables of a stage that has some of its own."""
        own = Context(
            variables=self.variables,
            home=self.home,
            values=self.values,
            imports=dict(self.imports),
            item=self.item,
            parsing=self.parsing,
            budget=self.budget,
        )
        own.load(named, directory)
        return own

    def with_item(self, item: Mapping[str, JsonValue]) -> "Context":
        """The variables of one stage of a `foreach` or `matrix`."""
        return Context(
            variables=self.variables,
            home=self.home,
            values=self.values,
            imports=self.imports,
            item=item,
            parsing=self.parsing,
            budget=self.budget,
        )

    def filled(self, value: JsonValue, key: str = "") -> JsonValue:
        """A value with what its templates stand for; `key` is the stage's, of which DVC decides by type."""
        self.spend(_EACH)
        match value:
            case str():
                return self.held(value, key)[0]
            case list():
                return [self.filled(each, key) for each in value]
            case dict():
                return {
                    _as_key(self.filled(name, key)): self.filled(each, key) for name, each in value.items()
                }
            case _:
                return value

    def held(self, text: str, key: str = "") -> Held:
        """What a text stands for; where it is one template, the value itself."""
        found = [*templates(text)]
        if len(found) == 1 and found[0][0] == text:
            value = self._checked(self._value(found[0][1]), key, text)
            self._spend_on(value)
            return value, True
        self.spend(len(text))
        parts: list[str] = []
        at = 0
        for each in found:
            value = self._checked(self._value(each[1]), key, text)
            parts += [text[at : each.start()], self._written(value)]
            at = each.end()
        return "".join((*parts, text[at:])).replace("\\${", "${"), False

    def refusal(self, why: str) -> ConfigError:
        """The error that says why a template stands for nothing."""
        return ConfigError(
            f"the templates cannot be resolved: {why}",
            id="dvc-template",
            where=located(PIPELINE_FILE, self.home),
            help="dvc stage list",
        )

    def spend(self, characters: int) -> None:
        """Count what is about to be written. Raises ConfigError where it is too much."""
        if not self.budget.spend(characters):
            raise self.refusal(f"they stand for more than {_MOST // MIB} MiB of text")

    def _spend_on(self, value: JsonValue) -> None:
        """Count a variable's own value with all that is in it."""
        waiting = [value]
        while waiting:
            each = waiting.pop()
            self.spend(len(each) + _EACH if isinstance(each, str) else _EACH)
            if isinstance(each, dict):
                self.spend(sum(map(len, each)) + _EACH * len(each))
                waiting += each.values()
            elif isinstance(each, list):
                waiting += each

    def _written(self, value: JsonValue) -> str:
        """What a value is within a text, counted before it is put there."""
        if isinstance(value, dict):
            return self._in_a_command(value)
        written = as_text(value)
        self.spend(len(written))
        return written

    def _checked(self, value: JsonValue, key: str, text: str) -> JsonValue:
        if not key or not isinstance(value, list | dict) or (isinstance(value, dict) and key == "cmd"):
            return value
        raise self.refusal(f"{quoted(text)} stands for {_kind(value)}")

    def _value(self, name: str) -> JsonValue:
        if not _NAME.fullmatch(name):
            raise self.refusal(f"${{{shown(name, 60)}}} is no name")
        first, *others = (part.strip() for part in name.replace("[", ".").replace("]", "").split("."))
        value = self.item[first] if first in self.item else self._below(self.values, first, name)
        for part in others:
            value = self._below(value, part, name)
        return value

    def _below(self, value: JsonValue, part: str, name: str) -> JsonValue:
        found = below(value, part, signed=True)
        if isinstance(found, Absent):
            raise self.refusal(f"there is no value of {quoted(name)}")
        return found

    def _load_file(self, named: str, directory: str) -> None:
        file, _, listed = named.partition(":")
        path = located(file, directory)
        keys = frozenset(filter(None, listed.split(","))) if listed else None
        before = self.imports.get(path, frozenset())
        if path in self.imports:
            if keys is None and before is None:
                return
            if keys is None or before is None or keys & before:
                raise self.refusal(f"{quoted(named)} is loaded already, as a whole or in part")
        found = self.variables(path)
        if found is None:
            raise self.refusal(f"there is no {quoted(path)}")
        if keys and (lost := sorted(keys - found.keys())):
            raise self.refusal(f"there is no {quoted(lost[0])} in {quoted(path)}")
        self._merge({key: value for key, value in found.items() if not keys or key in keys})
        self.imports[path] = keys if keys is None else keys | (before or frozenset())

    def _merge(self, more: Mapping[str, JsonValue]) -> None:
        if taken := sorted(self.item.keys() & more.keys()):
            raise self.refusal(f"{quoted(taken[0])} is what DVC calls the stage's own part of a `foreach`")
        self.values = self._joined(self.values, more)

    def _joined(self, into: Mapping[str, JsonValue], more: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
        joined = dict(into)
        for key, value in more.items():
            before = joined.get(key)
            if isinstance(before, dict) and isinstance(value, dict):
                joined[key] = self._joined(before, value)
            elif key in joined:
                raise self.refusal(f"{quoted(key)} is given two values by `vars`")
            else:
                joined[key] = value
        return joined

    def _in_a_command(self, values: Mapping[str, JsonValue]) -> str:
        """A mapping as options: `--lr 0.1 --seeds 1 2 --verbose`."""
        options: list[str] = []
        for name, value in _flat(values):
            options.append(self._option(name, value))
            self.spend(len(options[-1]) + _EACH)
        return " ".join(filter(None, options))

    def _option(self, name: str, value: JsonValue) -> str:
        if isinstance(value, bool):
            return f"--{name}" if value else f"--no-{name}" if self.parsing.says_no else ""
        if not isinstance(value, list):
            return f"--{name} {_shell(value)}"
        if any(isinstance(each, list | dict) for each in value):
            raise self.refusal(f"{quoted(name)} holds lists or mappings in a list")
        if self.parsing.repeats:
            return " ".join(f"--{name} {_shell(each)}" for each in value)
        return " ".join((f"--{name}", *map(_shell, value))) if value else ""


def _as_key(value: JsonValue) -> str:
    return "null" if value is None else as_text(value)


def _shell(value: JsonValue) -> str:
    return shlex.quote(value) if isinstance(value, str) else str(value)


def _flat(values: Mapping[str, JsonValue], above: str = "") -> Iterator[tuple[str, JsonValue]]:
    for name, value in values.items():
        if isinstance(value, dict):
            yield from _flat(cast("Mapping[str, JsonValue]", value), f"{above}{name}.")
        else:
            yield above + name, value


def _kind(value: JsonValue) -> str:
    return (
        "a mapping" if isinstance(value, dict) else "a list" if isinstance(value, list) else "a single value"
    )
