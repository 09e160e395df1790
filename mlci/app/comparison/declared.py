"""A model as the configuration of a commit declares it."""

from mlci.app.configuration import read_configuration
from mlci.app.side.tabular import Side
from mlci.core.config import Model
from mlci.core.config.schema import FILE
from mlci.errors import MlciError


def as_declared(model: Model, side: Side) -> Model:
    """The model as the `mlci.yaml` of a commit declares it: its files had other names, perhaps.

    As it is declared now where that file cannot be read, or speaks of another task.
    """
    try:
        content = side.snapshot.read(FILE)
        config = None if content is None else read_configuration(content)[0]
    except MlciError:
        return model
    found = None if config is None else config.models.get(model.name)
    return model if found is None or not found.predictions or found.task is not model.task else found
