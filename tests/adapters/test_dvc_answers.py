"""What DVC's child answers is taken for what it says, and for nothing that cannot be written."""

from pathlib import Path

import pytest

from mlci.adapters.dvc import DvcCli
from mlci.errors import ConfigError
from mlci.ports.process import Finished


class Answering:
    """A process whose child says one thing."""

    def __init__(self, said: bytes) -> None:
        self.said = said

    def run(self, *_: object) -> Finished:
        return Finished(argv=("dvc",), code=0, stdout=self.said, stderr=b"", seconds=0.0)


def test_templates_stand_for_text_and_not_for_half_a_character() -> None:
    whole = DvcCli(Answering(rb'[{"cmd": "\u00e9"}]'), Path(), {})
    assert whole.resolve(["dvc.yaml"]) == [b'{"cmd":"\xc3\xa9"}\n']
    half = DvcCli(Answering(rb'[{"cmd": "\ud800"}]'), Path(), {})
    with pytest.raises(ConfigError, match="half a character") as caught:
        half.resolve(["dvc.yaml"])
    assert (caught.value.id, caught.value.where) == ("dvc-template", "dvc.yaml")
