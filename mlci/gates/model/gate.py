"""The model gate's run: coverage, objectives, a dummy, slices and calibration, for every model."""

from collections.abc import Iterator, Sequence

from msgspec import Struct

from mlci.core.config import Config, Direction, Model, Objective, Task
from mlci.core.finding import Finding
from mlci.core.measure.calibration import reliability
from mlci.core.measure.metrics import METRICS, find, weights
from mlci.core.measure.predictions import Predictions
from mlci.core.measure.reliability import Bin
from mlci.core.registry.signature import Signature
from mlci.core.strictjson import JsonValue, plain
from mlci.errors import MlciError
from mlci.gates import Outcome, Request
from mlci.gates.coverage import coverage
from mlci.gates.inputs import inputs_of
from mlci.gates.model.declared import read_declared
from mlci.gates.model.dummy import beats_dummy, fair_metric
from mlci.gates.model.judge import Bound, Measured, bounds_of, judged
from mlci.gates.model.options import Options
from mlci.gates.model.sample import told
from mlci.gates.model.signature import signature_of
from mlci.gates.model.slices import slices
from mlci.gates.readable import nothing, readable, unreadable
from mlci.gates.subjects import read_predictions

OBJECTIVE = "model.objective"
DECLARE = "declare a model with `predictions:` in mlci.yaml"


def run(request: Request) -> Outcome:
    """Test every model that has predictions or objectives, and every declared metric."""
    findings: list[Finding] = []
    signatures: dict[str, JsonValue] = {}
    bins: dict[str, JsonValue] = {}
    for model in request.config.models.values():
        if model.predictions is not None or _named(request.config, model):
            tested = _tested(request, model)
            findings += tested.findings
            if tested.signature is not None:
                signatures[model.name] = tested.signature.document()
            if tested.bins:
                bins[model.name] = plain(tested.bins)
    for objective in request.config.objectives:
        if objective.source is not None:
            findings += _declared(request, objective, objective.source)
    if not findings:
        findings.append(nothing("model.readable", "there is no model with predictions to test", help=DECLARE))
    return Outcome(
        findings=tuple(findings),
        inputs=inputs_of(request.hands.files, _paths(request)),
        figures={"signatures": signatures, "calibration": bins},
    )


def _paths(request: Request) -> list[str]:
    paths: list[str | None] = []
    for model in request.config.models.values():
        paths += [model.predictions, model.test]
    declared = [each.source.partition("#")[0] for each in request.config.objectives if each.source]
    return sorted({path for path in (*paths, *declared) if path})


class _Tested(Struct, frozen=True, kw_only=True):
    """What was found of one model, and its signature and calibration where they can be told."""

    findings: tuple[Finding, ...]
    signature: Signature | None = None
    bins: Sequence[Bin] = ()


def _tested(request: Request, model: Model) -> _Tested:
    request.hands.progress.line(f"measuring {model.name}")
    findings: list[Finding] = []
    signature: Signature | None = None
    bins: Sequence[Bin] = ()
    try:
        predictions = read_predictions(request.hands.tables, model)
        signature = signature_of(request.hands.tables, model, predictions)
        bins = _calibration(predictions)
        findings.extend(_asked(request, model, predictions))
    except MlciError as error:
        findings.append(unreadable("model.readable", model.name, error))
    return _Tested(findings=tuple(findings), signature=signature, bins=bins)


def _calibration(one: Predictions) -> Sequence[Bin]:
    """How the probabilities of a binary model stand to what happened; nothing of scores that are none."""
    scores = one.scores
    if one.task is not Task.BINARY or scores is None or scores.min() < 0 or scores.max() > 1:
        return ()
    return reliability(scores, one.truth, weights(one), one.cluster)


def _asked(request: Request, model: Model, predictions: Predictions) -> Iterator[Finding]:
    options: Options = request.options
    n = len(predictions)
    yield readable("model.readable", model.name, f"{model.predictions} has {n} predictions", n=n)
    yield coverage(request, "model.coverage", model, predictions)
    objectives = [(each, find(each.metric, model.task, each.where)) for each in _named(request.config, model)]
    for objective, metric in objectives:
        subject, bounds = f"{model.name}.{metric.name}", list(bounds_of(objective))
        yield from told(OBJECTIVE, subject, predictions, metric, bounds)
    metrics = [metric for _, metric in objectives]
    if options.beats_dummy:
        yield beats_dummy(model.name, predictions, fair_metric(predictions, metrics))
    if options.calibration and model.task is not Task.REGRESSION:
        bound = Bound(limit=options.calibration.at_most, direction=Direction.LOWER)
        yield from told("model.calibration", f"{model.name}.ece", predictions, METRICS["ece"], [bound])
    yield from slices(request.hands.tables, options, model, predictions, metrics)


def _named(config: Config, model: Model) -> list[Objective]:
    """The objectives that mlci computes for a model; without a name they are the only model's."""
    owners = (model.name, None) if len(config.models) == 1 else (model.name,)
    return [each for each in config.objectives if each.source is None and each.model in owners]


def _declared(request: Request, objective: Objective, source: str) -> Iterator[Finding]:
    subject = f"{objective.model}.{objective.metric}" if objective.model else objective.metric
    try:
        measured = Measured(point=read_declared(request.hands.files, source))
    except MlciError as error:
        yield unreadable(OBJECTIVE, subject, error)
        return
    yield from judged(OBJECTIVE, subject, list(bounds_of(objective)), measured)
