"""The whole file, gates included: reader and JSON Schema agree, and an error imports nothing heavy."""

import json
import subprocess
import sys

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlci import gates
from mlci.app.configuration import json_schema, read_configuration, whole_schema
from mlci.core.diff.findings import COVERAGE, OBJECTIVE, READABLE, VERDICT
from mlci.core.dvc.nodes import json_of
from mlci.core.schema import Problems
from mlci.core.yaml.tree import parse
from mlci.errors import ConfigError
from tests.support.changes import VALUES, Way, places, replaced

WHOLE = b"""
version: 1
project: credit
models: {income: {path: m.bin, task: binary, predictions: out/p.parquet, load: "credit.predict:load"}}
gates:
  data: {datasets: {train: {path: data/train.parquet, contract: contracts/train.yaml}}}
  bias: {sensitive: [sex, age_band]}
  load:
    serve: "uvicorn credit.app:app --port {port}"
    request: {path: /predict, rows: data/test.parquet}
    rate: 50
    duration: 15s
    p95: 100ms
    errors: 0.1%
"""
TREE = json_of(parse(WHOLE, name="mlci.yaml"))
VALIDATOR = jsonschema.Draft202012Validator(json_schema())


def test_the_whole_file_reads() -> None:
    config, source = read_configuration(WHOLE)
    assert set(config.gates) == {"data", "bias", "load"}
    assert source.content == WHOLE
    assert source.tree.find("project").value == "credit"
    VALIDATOR.validate(TREE)


@settings(deadline=None, max_examples=200)
@given(way=st.sampled_from(places(TREE)), new=VALUES)
def test_what_the_reader_accepts_the_json_schema_accepts(way: Way, new: object) -> None:
    changed = replaced(TREE, way, new)
    problems = Problems()
    whole_schema().read(parse(json.dumps(changed).encode(), name="x"), problems)
    if not problems.found:
        VALIDATOR.validate(changed)


def test_an_unknown_gate_is_told_with_the_nearest_one() -> None:
    with pytest.raises(ConfigError) as caught:
        read_configuration(b"version: 1\nproject: p\ngates: {baias: {}}\n")
    assert caught.value.id == "unknown-gate"
    assert "did you mean 'bias'?" in caught.value.problems[0]


def test_an_error_imports_nothing_heavy() -> None:
    child = """
import sys
from mlci.app.configuration import read_configuration
try:
    read_configuration(b"version: 2")
except Exception as error:
    print(error.id, [each for each in sys.argv[1:] if each in sys.modules])
"""
    heavy = ["numpy", "polars", "narwhals", "dvc", "git", "github", "gitlab", "aiohttp", "sklearn", "jinja2"]
    done = subprocess.run([sys.executable, "-c", child, *heavy], capture_output=True, text=True, check=True)
    assert done.stdout == "configuration-invalid []\n"


@pytest.mark.parametrize(
    "check",
    [
        VERDICT, READABLE, OBJECTIVE, COVERAGE,
        *(check.id for each in gates.ids() for check in gates.gate(each).checks),
    ],
)  # fmt: skip
def test_whatever_can_be_red_can_be_waived(check: str) -> None:
    waiver = f"{{check: {check}, owner: ann, reason: known, until: 2027-01-01}}"
    config, _ = read_configuration(f"version: 1\nproject: p\nwaivers: [{waiver}]\n".encode())
    assert config.waivers[0].check == check


def test_a_waiver_that_would_waive_nothing_is_told_with_the_nearest_check() -> None:
    waiver = "{check: model.objectives, owner: ann, reason: known, until: 2027-01-01}"
    with pytest.raises(ConfigError) as caught:
        read_configuration(f"version: 1\nproject: p\nwaivers: [{waiver}]\n".encode())
    assert caught.value.id == "unknown-check"
    assert "did you mean 'model.objective'?" in caught.value.problems[0]
