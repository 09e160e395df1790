"""What mlci.yaml names must exist in dvc.yaml."""

from mlci.core.config.schema import config_schema
from mlci.core.dvc.agreement import check_pipeline
from mlci.core.dvc.files import read_pipeline, read_tracked
from mlci.core.problems import printed
from mlci.core.schema import Problems
from mlci.core.yaml.tree import parse

PIPELINE = b"""
stages:
  train:
    cmd: x
    outs: [models, out/pred.csv, out/loose.csv: {cache: false}]
  each: {foreach: [a, b], do: {cmd: x}}
  open: {foreach: '${items}', do: {cmd: x}}
"""


def said(config: str, pipeline: bytes = PIPELINE, tracked: dict[str, bytes] | None = None) -> list[str]:
    content = ("version: 1\nproject: p\n" + config).encode()
    tree, problems = parse(content, name="mlci.yaml"), Problems()
    read = config_schema({}).read(tree, problems)
    assert problems.found == []
    files = {name: read_tracked(each, name=name) for name, each in (tracked or {}).items()}
    check_pipeline(read, tree, {".": read_pipeline(pipeline)}, problems, files)
    return [line for each in printed("mlci.yaml", content, problems.found) for line in each.splitlines()]


def test_what_exists_is_not_mentioned() -> None:
    config = "models: {m: {path: models/m.bin, task: binary, predictions: out/pred.csv}}\n"
    stages = "ci: {stages: {train: {}, each: {}, each@a: {}, open: {}, open@whatever: {}}}\n"
    assert said(config + stages) == []


def test_an_output_that_no_stage_makes_is_told_with_the_nearest_one() -> None:
    closed = PIPELINE.replace(b"'${items}'", b"[c]")
    config = "models:\n  m: {path: model, task: binary, predictions: out/loose.csv}\n"
    lines = said(config, closed)
    assert lines[0].endswith("the model 'model' is no output of a stage in dvc.yaml [not-an-output]")
    assert lines[1:4] == [
        "  4 |   m: {path: model, task: binary, predictions: out/loose.csv}",
        "    |             ^^^^^",
        "help: did you mean 'models'? outputs: models, out/loose.csv, out/pred.csv",
    ]
    assert lines[4].endswith("'out/loose.csv' has `cache: false` in stage 'train' [not-cached]")
    assert lines[7] == "help: delete `cache: false`: only a cached output can be had again elsewhere"


def test_where_a_template_leaves_outputs_open_nothing_is_claimed() -> None:
    assert said("models: {m: {path: model, task: binary}}\n") == []


def test_a_model_that_was_added_by_hand_needs_no_stage() -> None:
    tracked = {"models/m.bin.dvc": b"outs: [{path: m.bin, md5: 00000000000000000000000000000000}]"}
    config = "models: {m: {path: models/m.bin, task: binary}}\n"
    assert said(config, b"stages: {a: {cmd: x}}", tracked) == []
    assert said(config, b"stages: {a: {cmd: x}}") != []


def test_a_misspelt_stage_is_told_with_the_nearest_one() -> None:
    lines = said("ci: {stages: {trian: {timeout: 1h}, each@c: {}}}\n")
    assert lines[0].endswith("there is no stage 'trian' in dvc.yaml [unknown-stage]")
    assert lines[2] == "    |               ^^^^^"
    assert lines[3].startswith("help: did you mean 'train'? stages: each, each@a, each@b")
    assert "there is no stage 'each@c'" in lines[4]
