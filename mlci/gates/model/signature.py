"""A model's signature, as its test rows and its predictions show it."""

from mlci.core.config import Model, Task
from mlci.core.measure.predictions import Predictions
from mlci.core.registry.signature import NUMBER, Signature, kind_of
from mlci.errors import MlciError
from mlci.ports.tables import Tables


def signature_of(tables: Tables, model: Model, predictions: Predictions) -> Signature | None:
    """What a model takes and says; None where no test rows tell.

    The classes are those of truth and prediction: a rare one may not be predicted today.
    """
    if model.test is None:
        return None
    try:
        schema = tables.schema(model.test)
    except MlciError:
        return None  # that test rows cannot be read is told by whoever needs them
    takes = {name: kind_of(each) for name, each in schema.items() if name not in model.columns.named}
    classes = (NUMBER,) if model.task is Task.REGRESSION else tuple(filter(None, predictions.classes))
    return Signature(takes=takes, predicts=classes)
