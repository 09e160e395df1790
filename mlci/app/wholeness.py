"""Whether predictions answer for their whole test set, where no model gate is there to ask."""

from collections.abc import Iterator

from mlci.core.config import Config, Model
from mlci.core.context import RunContext
from mlci.core.finding import Finding
from mlci.errors import MlciError
from mlci.gates import Hands, Request

CHECK = "diff.coverage"


def wholeness(config: Config, context: RunContext, hands: Hands) -> Iterator[Finding]:
    """A finding on every model with predictions, asked as the model gate would."""
    if "model" in config.gates:
        return
    request = Request(config=config, options=None, context=context, hands=hands)
    for model in config.models.values():
        if model.predictions is not None:
            yield _of(request, model)


def _of(request: Request, model: Model) -> Finding:
    from mlci.gates.coverage import coverage  # noqa: PLC0415 - arrays cost more than all else
    from mlci.gates.readable import unreadable  # noqa: PLC0415
    from mlci.gates.subjects import read_predictions  # noqa: PLC0415

    try:
        predictions = read_predictions(request.hands.tables, model)
    except MlciError as error:
        return unreadable(CHECK, model.name, error)
    return coverage(request, CHECK, model, predictions)
