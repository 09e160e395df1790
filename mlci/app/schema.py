"""`mlci schema`: the JSON Schema of `mlci.yaml`."""

from mlci.app.configuration import json_schema
from mlci.core.strictjson import JsonValue


def schema() -> JsonValue:
    """The document that an editor is pointed at, with the part of every gate there is."""
    return json_schema()
