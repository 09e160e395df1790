"""Whether predictions answer for their whole test set, where no model gate is run to ask."""

from collections.abc import Iterable, Iterator

from mlci.core.config import Config, Model
from mlci.core.context import RunContext
from mlci.core.finding import Finding
from mlci.errors import MlciError
from mlci.gates import Hands, Request


def wholeness(
    config: Config, context: RunContext, hands: Hands, models: Iterable[Model], *, check: str
) -> Iterator[Finding]:
    """A finding on each of these models that has predictions, asked as the model gate would."""
    request = Request(config=config, options=None, context=context, hands=hands)
    for model in models:
        if model.predictions is not None:
            yield _of(request, check, model)


def _of(request: Request, check: str, model: Model) -> Finding:
    from mlci.gates.coverage import coverage  # noqa: PLC0415 - arrays cost more than all else
    from mlci.gates.readable import unreadable  # noqa: PLC0415
    from mlci.gates.subjects import read_predictions  # noqa: PLC0415

    try:
        predictions = read_predictions(request.hands.tables, model)
    except MlciError as error:
        return unreadable(check, model.name, error)
    return coverage(request, check, model, predictions)
