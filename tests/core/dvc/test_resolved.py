"""What the templates of a `dvc.yaml` stand for, told without DVC."""

import json

import pytest

from mlci.core.dvc.files import Out, ParamsUse
from mlci.core.dvc.params import read_params
from mlci.core.dvc.resolved import resolved
from mlci.core.dvc.settings import Parsing
from mlci.errors import ConfigError


def stages(text, home="", **files):
    """The stages of a text; a file `sub__other_yaml` is the one at `sub/other.yaml`."""
    contents = {name.replace("__", "/").replace("_yaml", ".yaml"): each for name, each in files.items()}

    def variables(path):
        return read_params(contents[path].encode(), path) if path in contents else None

    return resolved(text.encode(), "dvc.yaml", home, variables).stages


def commands(text, home="", **files):
    return {name: " ; ".join(each.command) for name, each in stages(text, home, **files).items()}


def test_values_come_from_parameters_and_vars_and_keep_their_type():
    found = stages(
        """
        vars: [{width: 8}, other.yaml]
        stages:
          train:
            cmd: python t.py --lr ${train.lr} -w ${width} \\${HOME}
            deps: ["${paths[0]}", "${ deep }"]
            params: ["${which}"]
            outs: [{"${out}": {cache: "${keep}"}}]
        """,
        params_yaml="train: {lr: 0.001}\nout: model\nkeep: false\n",
        other_yaml="paths: [a.csv, b.csv]\ndeep: 7\nwhich: train.lr\n",
    )["train"]  # fmt: skip
    assert found.command == ("python t.py --lr 0.001 -w 8 ${HOME}",)
    assert found.deps == ("a.csv", "7")
    assert found.params == (ParamsUse(file="params.yaml", keys=("train.lr",)),)
    assert found.outs == (Out(path="model", cache=False),)
    assert not found.templated


def test_a_foreach_has_a_stage_for_each_item_of_a_list_or_a_mapping():
    text = "stages:\n  one:\n    foreach: [a, true, 1]\n    do: {cmd: 'run ${item}'}\n"
    assert commands(text) == {"one@a": "run a", "one@true": "run true", "one@1": "run 1"}
    text = "stages:\n  one:\n    foreach: ${models}\n    do: {cmd: 'run ${key} ${item.lr}'}\n"
    assert commands(text, params_yaml="models: {x: {lr: 1}, y: {lr: 2}}") == {
        "one@x": "run x 1", "one@y": "run y 2",
    }  # fmt: skip
    text = "stages:\n  one:\n    foreach: [{lr: 1}, {lr: 2}]\n    do: {cmd: 'run ${item.lr}'}\n"
    assert commands(text) == {"one@0": "run 1", "one@1": "run 2"}


def test_a_matrix_has_a_stage_for_each_combination():
    text = (
        "stages:\n  one:\n    matrix: {model: [a, b], data: '${sets}'}\n"
        "    cmd: run ${key} ${item.model} ${item.data.path}\n"
    )
    assert commands(text, params_yaml="sets: [{path: x}, {path: y}]") == {
        "one@a-data0": "run a-data0 a x", "one@a-data1": "run a-data1 a y",
        "one@b-data0": "run b-data0 b x", "one@b-data1": "run b-data1 b y",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("parsing", "said"),
    [
        (Parsing(), "run --many a 1 --yes"),
        (Parsing(says_no=True), "run --many a 1 --no-no --yes"),
        (Parsing(repeats=True), "run --many a --many 1 --yes"),
    ],
)
def test_options_are_written_as_the_configuration_says(parsing, said):
    text = b"stages: {one: {cmd: 'run ${o}'}}"
    given = {"o": {"many": ["a", 1], "no": False, "yes": True, "none": []}}
    found = resolved(text, "dvc.yaml", "", {"params.yaml": given}.get, parsing)
    assert found.stages["one"].command == (said,)


def test_a_mapping_in_a_command_becomes_options():
    text = "stages:\n  one: {cmd: 'run ${train}'}\n"
    params = "train: {lr: 0.1, deep: {seeds: [1, two words]}, fast: true, slow: false, none: null}"
    assert commands(text, params_yaml=params) == {
        "one": "run --lr 0.1 --deep.seeds 1 'two words' --fast --none None"
    }


def test_a_stage_has_variables_of_its_own_from_where_it_works():
    text = "stages:\n  one: {cmd: 'run ${lr}', wdir: below, vars: [own.yaml]}\n  two: {cmd: plain}\n"
    assert commands(text, "sub", sub__below__own_yaml="lr: 3") == {"one": "run 3", "two": "plain"}


@pytest.mark.parametrize(
    ("text", "files", "why"),
    [
        ("stages: {a: {cmd: '${lost}'}}", {}, "there is no value of 'lost'"),
        ("stages: {a: {cmd: '${a.b}'}}", {"params_yaml": "a: 1"}, "there is no value of 'a.b'"),
        ("stages: {a: {cmd: '${a..b}'}}", {}, "is no name"),
        ("stages: {a: {cmd: x, deps: ['${a}']}}", {"params_yaml": "a: [1]"}, "stands for a list"),
        ("stages: {a: {cmd: '${a}'}}", {"params_yaml": "a: [1]"}, "stands for a list"),
        ("vars: [lost.yaml]\nstages: {a: {cmd: x}}", {}, "there is no 'lost.yaml'"),
        ("vars: ['o.yaml:k']\nstages: {a: {cmd: x}}", {"o_yaml": "a: 1"}, "there is no 'k'"),
        ("vars: ['params.yaml:a']\nstages: {a: {cmd: x}}", {"params_yaml": "a: 1"}, "loaded already"),
        ("vars: [{a: 2}]\nstages: {a: {cmd: x}}", {"params_yaml": "a: 1"}, "two values"),
        ("vars: ['${x}.yaml']\nstages: {a: {cmd: x}}", {"params_yaml": "x: 1"}, "no templates itself"),
        ("stages: {a: {foreach: '${n}', do: {cmd: x}}}", {"params_yaml": "n: 1"}, "neither a list nor"),
        ("stages: {a: {matrix: [1], cmd: x}}", {}, "no mapping"),
        ("stages: {a: {matrix: {b: 1}, cmd: x}}", {}, "no list"),
        ("stages: {a: {foreach: [1], do: {cmd: x, vars: [{item: 2}]}}}", {}, "'item'"),
        ("stages: {a: {cmd: 'x ${d}'}}", {"params_yaml": "d: {a: [[1]]}"}, "in a list"),
    ],
)
def test_what_stands_for_nothing_is_told(text, files, why):
    with pytest.raises(ConfigError, match="the templates cannot be resolved") as told:
        stages(text, **files)
    assert why in told.value.message
    assert told.value.id == "dvc-template"


def test_a_short_file_cannot_stand_for_a_text_without_end():
    axes = ", ".join(f"a{each}: [1, 2, 3, 4, 5, 6, 7, 8, 9, 0]" for each in range(5))
    with pytest.raises(ConfigError, match="more than 10,000 stages"):
        stages(f"stages: {{a: {{matrix: {{{axes}}}, cmd: x}}}}")
    long = "x" * 1024
    many = ", ".join(["'${a}${a}${a}${a}'"] * 17_000)
    with pytest.raises(ConfigError, match="more than 64 MiB"):
        stages(f"stages: {{a: {{cmd: [{many}]}}}}", params_yaml=json.dumps({"a": long}))


def test_a_character_of_any_plane_is_itself():
    text = "stages: {one: {cmd: 'echo 😀 ${a} ${b}', outs: ['${b}.csv']}}"
    found = stages(text, params_yaml="{a: 1, b: 𝒳é}")["one"]
    assert (found.command, found.outs) == (("echo 😀 1 𝒳é",), (Out(path="𝒳é.csv"),))


@pytest.mark.parametrize(
    ("value", "why"),
    [('"\\ud83d"', "half a character"), ("[" * 200 + "]" * 200, "more than 100 levels")],
)
def test_what_no_file_could_hold_is_refused(value, why):
    text = "vars: [own.json]\nstages: {one: {cmd: '${a}'}}"
    with pytest.raises(ConfigError, match=why) as told:
        stages(text, **{"own.json": f'{{"a": {{"b": {value}}}}}'})
    assert (told.value.id, told.value.where) == ("dvc-template", "dvc.yaml")


def test_what_never_ends_stands_for_itself():
    endless = "${" * 500_000
    text = f"vars: [{{a: '{endless}'}}]\nstages: {{one: {{cmd: '{endless}', desc: '${{a}}'}}}}"
    found = stages(text)["one"]
    assert (found.command, found.description) == ((endless,), endless)


MANY = f"foreach: [{', '.join(map(str, range(3_000)))}]"
LONG = json.dumps({"big": "x" * 1_000_000, "deep": {"big": ["x" * 1_000_000], "x" * 1_000: 1}})
WIDE = f"[{', '.join('1' * 100_000)}]"


@pytest.mark.parametrize(
    "body",
    [
        f"{{{MANY}, do: {{cmd: '${{big}}'}}}}",
        f"{{{MANY}, do: {{cmd: x, meta: '${{big}}'}}}}",
        f"{{{MANY}, do: {{cmd: 'x ${{deep}}'}}}}",
        f"{{{MANY}, do: {{cmd: x, meta: {WIDE}}}}}",
        f"{{{MANY}, do: {{cmd: x, meta: {{list: {WIDE}}}}}}}",
        f"{{foreach: {json.dumps(['${deep}'] * 100)}, do: {{cmd: x}}}}",
        f"{{matrix: {{a: ['${{big}}'], b: {json.dumps([*range(100)])}}}, cmd: x}}",
        f"{{cmd: '{'${big}' * 100}'}}",
    ],
    ids=["exact", "meta", "options", "list", "list-below", "items", "names", "text"],
)
def test_all_that_is_written_counts(body):
    with pytest.raises(ConfigError, match="more than 64 MiB"):
        stages(f"stages: {{a: {body}}}", params_yaml=LONG)


def test_values_of_any_depth_end_in_a_sentence():
    deep = 1
    for _ in range(5_000):
        deep = {"a": deep}
    with pytest.raises(ConfigError, match="nested too deeply"):
        resolved(b"stages: {one: {cmd: 'x ${a}'}}", "dvc.yaml", "", {"params.yaml": deep}.get)
