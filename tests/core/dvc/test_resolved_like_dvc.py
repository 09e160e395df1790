"""Templates stand for what DVC's own resolver says, and for nothing where it says nothing."""

import json
import random
from pathlib import Path
from types import SimpleNamespace

import pytest

from mlci.core.dvc.files import read_resolved
from mlci.core.dvc.params import read_params
from mlci.core.dvc.resolved import resolved
from mlci.core.dvc.settings import read_config
from mlci.errors import ConfigError

pytestmark = pytest.mark.slow

TRIES = 2_000
SIMPLE = (1, 0.5, 1e-5, "a", "two words", "😀 é", True, False, None)
VALUES = (*SIMPLE, *SIMPLE, [1, "b"], {"k": 1, "l": "m n"}, [{"k": 1}])
KNOWN = ("one", "two", "map.k", "list[0]", " one ", "deep[0].k", "flag", "map.l")
SELDOM = (
    "options",
    "options",
    "map",
    "list",
    "list.1",
    "list[9]",
    "item",
    "key",
    "item.k",
    "item.x",
    "lost",
    "map[l]",
    "deep",
)
PARSING = ({}, {"bool": "boolean_optional"}, {"list": "append"}, {"bool": "store_true", "list": "nargs"})
BAD = ("", "a..b", "a[", "a]b", "[0]")


def variables(chance):
    """The values of a file: some of the names that templates ask for."""
    given = {
        "one": chance.choice(VALUES),
        "two": chance.choice(VALUES),
        "map": {"k": 1, "l": chance.choice(VALUES)},
        "list": chance.choice([[1, 2], ["a", True], [None]]),
        "deep": [{"k": chance.choice(VALUES)}],
        "flag": True,
        "options": {"no": False, "yes": True, "many": ["a b", 1], "none": [], "in": {"deep": False}},
    }
    return {name: value for name, value in given.items() if chance.random() < 0.95}


def text(chance):
    """A text with templates, or without."""
    names = [chance.choice(SELDOM if chance.random() < 0.1 else KNOWN) for _ in range(chance.randint(0, 2))]
    if chance.random() < 0.02:
        names.append(chance.choice(BAD))
    parts = [chance.choice(["${%s}", "x ${%s}", "${%s}/y", "😀${%s}", "\\${%s}"]) % each for each in names]
    return "-".join(parts) or "plain"


def stage(chance):
    """One stage that says little and asks for much."""
    body = {"cmd": chance.choice([text, lambda _: [text(chance), text(chance)]])(chance)}
    if chance.random() < 0.5:
        body["deps"] = [text(chance)]
    if chance.random() < 0.3:
        body["outs"] = [{text(chance): {"cache": "${flag}"}}]
    if chance.random() < 0.3:
        body["params"] = [text(chance), {"other.yaml": [text(chance)]}]
    if chance.random() < 0.2:
        body["wdir"] = chance.choice(["sub", "${one}"])
    if chance.random() < 0.2:
        body["vars"] = chance.choice([[{"own": 1}], ["more.yaml"], ["other.yaml"], [{"item": 1}], ["${one}"]])
    return body


def entry(chance):
    """A stage, or a group of them."""
    kind = chance.random()
    body = stage(chance)
    if kind < 0.4:
        return body
    if kind < 0.7:
        given = [
            "${list}",
            "${map}",
            "${deep}",
            "${one}",
            ["a", "${two}", True],
            [1, "${map}"],
            {"u": 1, "v": "${one}"},
        ]
        return {"foreach": chance.choice(given), "do": body}
    axes = {"x": chance.choice([[1, 2], "${list}", ["${one}", "b"], "${deep}"]), "y": [True, {"k": "${two}"}]}
    return {"matrix": chance.choice([axes, {"x": [1]}, "${map}"]), **body}


def by_dvc(document, parsing):
    """What DVC's own resolver says; None where it refuses."""
    from dvc.exceptions import DvcException
    from dvc.fs import LocalFileSystem
    from dvc.parsing import DataResolver

    repo = SimpleNamespace(fs=LocalFileSystem(), config={"parsing": parsing})
    try:
        return read_resolved(json.loads(json.dumps(DataResolver(repo, ".", document).resolve())))
    except (DvcException, ConfigError, ValueError, TypeError, AttributeError):
        return None


def by_us(document, root, parsing):
    lines = "".join(f"{key} = {value}\n" for key, value in parsing.items())
    config = read_config([("", f"[parsing]\n{lines}")])

    def values(path):
        place = root / path
        return read_params(place.read_bytes(), path) if place.is_file() else None

    try:
        return resolved(
            json.dumps(document, ensure_ascii=False).encode(), "dvc.yaml", "", values, config.parsing
        )
    except ConfigError:
        return None


@pytest.mark.parametrize("parsing", PARSING)
@pytest.mark.parametrize(
    "options",
    [
        {"a": False, "b": True, "c": {"d": False}},
        {"many": ["a b", 1, True], "none": [], "one": "x y"},
        {"x": None, "y": 0.5, "nested": [[1]]},
        {"x": [False], "y": {"z": ["q"]}},
        {},
    ],
)
def test_a_mapping_becomes_the_options_that_dvc_writes(tmp_path: Path, monkeypatch, parsing, options):
    monkeypatch.chdir(tmp_path)
    document = {"vars": [{"o": options}], "stages": {"s": {"cmd": "run ${o} end", "outs": ["x"]}}}
    assert by_us(document, tmp_path, parsing) == by_dvc(document, parsing)


def test_on_random_pipelines_both_say_the_same(tmp_path: Path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sub").mkdir()
    answered = refused = 0
    for seed in range(TRIES):
        chance = random.Random(seed)
        for name in ("params.yaml", "other.yaml", "sub/more.yaml"):
            given = variables(chance) if name == "params.yaml" else {f"n{len(name)}": 1}
            (tmp_path / name).write_text(json.dumps(given, ensure_ascii=False))
        declared = chance.choice(
            [[], ["other.yaml"], ["other.yaml:n10"], [{"two": 2}], ["lost.yaml"], [{"z": {"k": 1}}]]
        )
        parsing = chance.choice(PARSING)
        document = {"vars": declared, "stages": {"s": entry(chance), "t": entry(chance)}}
        expected, found = by_dvc(document, parsing), by_us(document, tmp_path, parsing)
        assert found == expected, (seed, document, (tmp_path / "params.yaml").read_text())
        answered += expected is not None
        refused += expected is None
    assert min(answered, refused) > TRIES // 10
