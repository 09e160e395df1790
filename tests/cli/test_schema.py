"""`mlci schema` prints what an editor can use, with every gate's part."""

import json

import jsonschema
import pytest

from mlci import gates
from mlci.cli.main import invoke


def test_the_document_is_a_json_schema_with_every_gate(capsys: pytest.CaptureFixture[str]) -> None:
    assert invoke(["schema"]) == 0
    document = json.loads(capsys.readouterr().out)
    jsonschema.Draft202012Validator.check_schema(document)
    assert sorted(document["properties"]["gates"]["properties"]) == list(gates.ids())
    assert "yaml-language-server" in document["description"]
    assert all(each.get("description") for each in document["properties"].values())


def test_the_line_for_an_editor_can_be_copied_from_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert invoke(["schema", "--help"]) == 0
    lines = [each.strip() for each in capsys.readouterr().out.splitlines()]
    assert "# yaml-language-server: $schema=mlci.schema.json" in lines
