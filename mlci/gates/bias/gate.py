"""The bias gate's run: read predictions and groups, count once, judge every partition."""

from collections.abc import Iterator
from math import log

from mlci.core.config import Model
from mlci.core.finding import Finding
from mlci.core.measure.predictions import Predictions
from mlci.core.strictjson import JsonValue
from mlci.errors import MlciError
from mlci.gates import Outcome, Request
from mlci.gates.bias.compare import Scale
from mlci.gates.bias.cube import Cells, Cube, worth_of_rows
from mlci.gates.bias.judge import Asked, judge
from mlci.gates.bias.measures import MEASURES
from mlci.gates.bias.options import Options, models_of
from mlci.gates.coverage import coverage
from mlci.gates.inputs import inputs_of
from mlci.gates.readable import nothing, readable, unreadable
from mlci.gates.subjects import read_attributes, read_predictions

DECLARE = "declare a model with `task: binary` and `predictions:` in mlci.yaml"


def run(request: Request) -> Outcome:
    """Test every binary model. One that cannot be read is a finding, and the others are still tested."""
    findings: list[Finding] = []
    figures: dict[str, JsonValue] = {}
    models = models_of(request.config, request.options)
    for model in models:
        try:
            predictions = read_predictions(request.hands.tables, model)
            cube, weighed = _cubes(request, model, predictions)
        except MlciError as error:
            findings.append(unreadable("bias.readable", model.name, error))
            continue
        told = f"{len(predictions)} predictions of {model.name} have their groups"
        if weighed is not cube:
            told += f"; with their weights and clusters they are worth {weighed.total().rows:.0f} rows"
        findings.append(readable("bias.readable", model.name, told, n=len(predictions)))
        findings.append(coverage(request, "bias.coverage", model, predictions))
        findings += _judged(request.options, model.name, weighed)
        figures[model.name] = _drawn(request.options, cube)
    if not findings:
        findings.append(nothing("bias.readable", "there is no binary model to test", help=DECLARE))
    read = [path for model in models for path in (model.predictions, model.test)]
    inputs = inputs_of(request.hands.files, read)
    return Outcome(findings=tuple(findings), inputs=inputs, figures=figures)


def _cubes(request: Request, model: Model, predictions: Predictions) -> tuple[Cube, Cube]:
    """The rows of each group as they are, and as what they are worth."""
    options: Options = request.options
    request.hands.progress.line(f"counting groups of {model.name}")
    names = [*options.sensitive, *(name for names in options.intersections for name in names)]
    attributes = list(read_attributes(request.hands.tables, model, predictions, names).values())
    cube = Cube.of(attributes, predictions.truth, predictions.label)
    worth = worth_of_rows(predictions)
    if worth is None:
        return cube, cube
    return cube, Cube.of(attributes, predictions.truth, predictions.label, worth)


def _partitions(options: Options) -> list[tuple[str, ...]]:
    return [*((name,) for name in options.sensitive), *options.intersections]


def _judged(options: Options, model: str, cube: Cube) -> Iterator[Finding]:
    total = cube.total()
    for asked in asked_for(options):
        for names in _partitions(options):
            yield from judge(asked, model, cube.groups(names), total)


def asked_for(options: Options) -> list[Asked]:
    """The measures that options ask for, each limit on its measure's scale."""
    asked = []
    for measure in MEASURES:
        stated: float | None = getattr(options, measure.check.removeprefix("bias."))
        if stated is None:
            continue
        ratio = measure.scale is Scale.RATIO
        expected = f"{stated:g} to {1 / stated:.4g}" if ratio else f"within ±{stated:g}"
        asked.append(Asked(measure=measure, limit=-log(stated) if ratio else stated, expected=expected))
    return asked


def _drawn(options: Options, cube: Cube) -> JsonValue:
    return {
        " x ".join(names): {label: _counts(cells) for label, cells in cube.groups(names).items()}
        for names in _partitions(options)
    }


def _counts(cells: Cells) -> JsonValue:
    return {
        "true_positive": cells.true_positive,
        "false_negative": cells.false_negative,
        "false_positive": cells.false_positive,
        "true_negative": cells.true_negative,
    }
