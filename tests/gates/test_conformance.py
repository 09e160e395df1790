"""What holds for every gate there is, and for every gate there will be."""

import re
from importlib.resources import files

import jsonschema
import pytest
from msgspec.structs import replace

from mlci import gates
from mlci.core.config import Objective
from mlci.core.evidence import Evidence, from_json, to_json
from mlci.core.finding import Status
from mlci.core.schema import Problems
from mlci.core.yaml.tree import parse
from tests.support.gate_room import run_gate, untimed
from tests.support.predicted import INCOME, config, sampled, write

# One part of mlci.yaml for each gate, good on the files that `room` lays down.
OPTIONS = {
    "data": "{datasets: {train: {path: test.parquet, contract: contract.yaml}}}",
    "model": "{slices: [region, [sex, age_band]], calibration: {at_most: 0.2}}",
    "bias": "{sensitive: [sex], intersections: [[sex, region]], demographic_parity_ratio: 0.8}",
    "load": "{serve: 'no-such-server {port}', request: {path: /, rows: test.parquet}}",
}
CONFIG = config(Objective(metric="roc_auc", model="income", at_least=0.5))
HOSTILE = {
    "nothing": b"",
    "null bytes": b"\0" * 100,
    "half a Parquet file": b"PAR1\x15\x04",
    "a Parquet file cut short": b"PAR1" + b"\xff" * 200 + b"PAR1",
    "text": "é\u2028|<img src=x onerror=x>\n".encode(),
}

every_gate = pytest.mark.parametrize("gate_id", gates.ids())


@pytest.fixture
def room(tmp_path):
    write(tmp_path, sampled(400, seed=1))
    (tmp_path / "contract.yaml").write_text("columns: {id: {type: integer, unique: true}}", encoding="utf-8")
    return tmp_path


def run(directory, gate_id, **given):
    return run_gate(directory, gate_id, OPTIONS[gate_id], config=given.pop("config", CONFIG), **given)


@every_gate
def test_its_id_is_its_folder_and_the_prefix_of_its_checks(gate_id):
    gate = gates.gate(gate_id)
    assert gate.id == gate_id
    assert gate.title
    names = [check.id for check in gate.checks]
    assert all(re.fullmatch(rf"{gate_id}\.[a-z0-9_]+", name) for name in names)
    assert len(names) == len(set(names))
    assert all(check.title and check.page for check in gate.checks)


@every_gate
def test_its_readme_tells_every_check_and_every_option(gate_id):
    gate = gates.gate(gate_id)
    readme = (files("mlci.gates") / gate_id / "README.md").read_text(encoding="utf-8")
    assert all(f"| `{check.id}` |" in readme for check in gate.checks)
    assert set(re.findall(rf"\| `({gate_id}\.\w+)` \|", readme)) == {check.id for check in gate.checks}


@every_gate
def test_the_options_of_its_readme_are_valid(gate_id):
    readme = (files("mlci.gates") / gate_id / "README.md").read_text(encoding="utf-8")
    example = re.search(r"```yaml\n# mlci\.yaml\n(.*?)```", readme, re.DOTALL)[1]
    node = parse(example.encode(), name="README.md").value["gates"][1].value[gate_id][1]
    problems = Problems()
    gates.gate(gate_id).options.read(node, problems)
    assert not problems.found


@every_gate
def test_its_options_print_a_valid_json_schema(gate_id):
    schema = gates.gate(gate_id).options.json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    assert not validator.is_valid({"no-such-option": 1})


@every_gate
def test_its_findings_are_declared_and_its_evidence_survives_a_round_trip(room, gate_id):
    outcome = run(room, gate_id)
    declared = {check.id for check in gates.gate(gate_id).checks}
    assert outcome.findings
    assert {each.check for each in outcome.findings} <= declared
    subjects = [(each.check, each.subject, each.expected) for each in outcome.findings]
    assert len(subjects) == len(set(subjects))
    evidence = Evidence(
        gate=gate_id,
        commit="c" * 40,
        findings=outcome.findings,
        inputs=outcome.inputs,
        figures=outcome.figures,
    )
    assert from_json(to_json(evidence)) == evidence


@every_gate
def test_the_same_files_give_the_same_findings(room, gate_id):
    assert untimed(run(room, gate_id)) == untimed(run(room, gate_id))


@every_gate
@pytest.mark.parametrize("name", ["test.parquet", "predictions.parquet", "contract.yaml"])
@pytest.mark.parametrize("content", [None, *HOSTILE.values()], ids=["absent", *HOSTILE])
def test_no_input_makes_it_raise(room, gate_id, name, content):
    (room / name).unlink()
    if content is not None:
        (room / name).write_bytes(content)
    for each in run(room, gate_id).findings:
        assert each.status is not Status.ERROR or each.help


@every_gate
def test_a_directory_in_the_place_of_a_file_is_an_answer(room, gate_id):
    for name in ("test.parquet", "predictions.parquet", "contract.yaml"):
        (room / name).unlink()
        (room / name).mkdir()
    assert Status.ERROR in {each.status for each in run(room, gate_id).findings}


@every_gate
def test_a_model_that_declares_nothing_is_an_answer(room, gate_id):
    bare = replace(INCOME, predictions=None, test=None)
    assert run(room, gate_id, config=config(Objective(metric="roc_auc", model="income"), model=bare)).findings
