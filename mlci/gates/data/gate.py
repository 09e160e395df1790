"""The data gate's run: read each contract, measure its table, judge."""

from mlci.core.finding import Finding, Location
from mlci.core.problems import config_error
from mlci.core.schema import Problems
from mlci.core.yaml.tree import parse
from mlci.errors import MlciError
from mlci.gates import Outcome, Request
from mlci.gates.data.contract import Contract
from mlci.gates.data.judge import Dataset, judge
from mlci.gates.data.measure import measure
from mlci.gates.data.options import CONTRACT, Options
from mlci.gates.inputs import inputs_of
from mlci.gates.readable import readable, unreadable
from mlci.ports.files import Files


def run(request: Request) -> Outcome:
    """Test every table. One that cannot be read is an error finding, and the others are still tested."""
    options: Options = request.options
    findings: list[Finding] = []
    for name, source in options.datasets.items():
        dataset = Dataset(name=name, path=source.path, contract=source.contract)
        request.hands.progress.line(f"testing {source.path}")
        try:
            findings += _tested(dataset, request)
        except MlciError as error:
            findings.append(_unreadable(dataset, error))
    read = [path for source in options.datasets.values() for path in (source.path, source.contract)]
    return Outcome(findings=tuple(findings), inputs=inputs_of(request.hands.files, read))


def read_contract(files: Files, path: str) -> Contract:
    """The contract in a file. Raises ConfigError or WorldError."""
    content = files.read(path)
    problems = Problems()
    contract = CONTRACT.read(parse(content, name=path), problems)
    if problems.found:
        raise config_error(path, content, problems.found)
    return contract


def _tested(dataset: Dataset, request: Request) -> list[Finding]:
    contract = read_contract(request.hands.files, dataset.contract)
    measures = measure(request.hands.tables, dataset.path, contract)
    told = f"{dataset.path} has {len(measures.kinds)} columns"
    found = judge(dataset, contract, measures)
    return [readable("data.readable", dataset.name, told, n=measures.rows), *found]


def _unreadable(dataset: Dataset, error: MlciError) -> Finding:
    path = dataset.contract if error.where.startswith(dataset.contract) else dataset.path
    return unreadable("data.readable", dataset.name, error, location=Location(path=path))
