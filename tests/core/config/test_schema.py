"""What `mlci.yaml` may hold, and what is said when it holds something else.

Every file in `mlci_yaml/good` reads; of every one in `mlci_yaml/bad` exactly what stands under its name in
`mlci_yaml/told` is said. To add a case, add the two files.
"""

import json
from pathlib import Path

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mlci.core.config import Config, LockAuthor, Margin, Task
from mlci.core.config.schema import config_schema, document_schema
from mlci.core.dvc.nodes import json_of
from mlci.core.problems import config_error
from mlci.core.schema import Flag, Problems
from mlci.core.strictjson import JsonValue
from mlci.core.yaml.tree import parse
from mlci.errors import ConfigError
from tests.support.changes import VALUES, Way, places, replaced
from tests.support.golden import assert_golden

FILES = Path(__file__).parent / "mlci_yaml"
GOOD = sorted((FILES / "good").glob("*.yaml"))
BAD = sorted((FILES / "bad").glob("*.yaml"))
SCHEMA = config_schema({"bias": Flag()}, checks=lambda: ["bias.equal_opportunity_difference", "bias.rate"])
VALIDATOR = jsonschema.Draft202012Validator(
    document_schema(SCHEMA), format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER
)
# What JSON Schema can say too; the rest are rules between parts, or ranges written with units.
SHAPE = {
    "list-too-short", "missing-key", "unknown-gate", "unknown-key", "value-empty", "value-invalid",
    "value-repeated", "value-unknown", "wrong-type",
}  # fmt: skip


def read(content: bytes) -> tuple[Config, Problems]:
    problems = Problems()
    return SCHEMA.read(parse(content, name="mlci.yaml"), problems), problems


@pytest.mark.parametrize("file", GOOD, ids=lambda file: file.stem)
def test_a_good_file_reads_and_its_json_schema_agrees(file: Path) -> None:
    content = file.read_bytes()
    _, problems = read(content)
    assert problems.found == []
    VALIDATOR.validate(json_of(parse(content, name="mlci.yaml")))


def told(content: bytes) -> bytes:
    try:
        _, problems = read(content)
    except ConfigError as refused:
        error = refused
    else:
        error = config_error("mlci.yaml", content, problems.found)
    return "\n".join([*error.problems, f"{error.message} [{error.id}]", ""]).encode()


def test_a_bad_file_tells_everything_that_is_wrong_with_it() -> None:
    assert_golden(FILES / "told", {f"{file.stem}.txt": told(file.read_bytes()) for file in BAD})


@pytest.mark.parametrize("file", BAD, ids=lambda file: file.stem)
def test_the_json_schema_refuses_what_has_a_wrong_shape(file: Path) -> None:
    try:
        tree = parse(file.read_bytes(), name="mlci.yaml")
    except ConfigError:
        return  # not YAML in the first place
    problems = Problems()
    SCHEMA.read(tree, problems)
    wrong = {each.id for each in problems.found}
    assert VALIDATOR.is_valid(json_of(tree)) == (not wrong & SHAPE)


WHOLE = json_of(parse((FILES / "good" / "whole.yaml").read_bytes(), name="mlci.yaml"))


@settings(suppress_health_check=[HealthCheck.differing_executors], deadline=None)
@given(way=st.sampled_from(places(WHOLE)), new=VALUES)
def test_reader_and_json_schema_agree_on_every_single_change(way: Way, new: JsonValue) -> None:
    changed = replaced(WHOLE, way, new)
    _, problems = read(json.dumps(changed).encode())
    wrong = {each.id for each in problems.found}
    assert (
        VALIDATOR.is_valid(changed) == (not wrong & (SHAPE | {"value-out-of-range"}))
        or "value-out-of-range" in wrong
    )


@settings(deadline=None)
@given(content=st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_any_bytes_but_a_configuration_end_in_problems(content: bytes) -> None:
    assert told(content).startswith(b"mlci.yaml")


def test_the_values_mean_what_the_file_says() -> None:
    config, _ = read((FILES / "good" / "whole.yaml").read_bytes())
    assert config.models["income"].name == "income"
    assert config.models["income"].task is Task.BINARY
    assert config.objectives[0].may_drop == Margin(value=0.005)
    assert config.objectives[0].where == "mlci.yaml:14:5"
    assert config.objectives[1].source == "metrics.json#/serve/p95"
    assert list(config.environments) == ["staging", "prod"]
    assert config.ci.lock is LockAuthor.AUTHOR
    assert config.ci.stages["train"].runner == ("self-hosted", "gpu")
    assert config.ci.stages["train"].timeout == 7200.0
    assert config.waivers[0].until.isoformat() == "2027-03-31"


def test_a_percentage_is_a_margin_of_the_base_and_a_merge_key_takes_the_rest() -> None:
    multiclass, _ = read((FILES / "good" / "multiclass.yaml").read_bytes())
    assert multiclass.objectives[0].may_drop == Margin(value=0.02, relative=True)
    assert multiclass.objectives[1].exact
    assert multiclass.ci.stages["train"].runner == ("gpu",)
    merged, _ = read((FILES / "good" / "anchors.yaml").read_bytes())
    assert merged.models["two"].path == "models/two.bin"
    assert merged.models["two"].predictions == "out/one.csv"


def test_a_gate_keeps_its_own_node_after_its_own_shape_checked_it() -> None:
    config, problems = read(b"version: 1\nproject: p\ngates: {bias: 3}\n")
    assert [each.id for each in problems.found] == ["wrong-type"]
    assert config.gates["bias"].value == 3
