"""Whose bytes `mlci verify` looked at: the answer names the path and the copy."""

import pytest

from mlci.adapters.files import FileTree
from mlci.app.verify import verify
from tests.support.fakes import FakeDvc, finished
from tests.support.registry import CONFIG, begun
from tests.support.repository import repository


class Giving(FakeDvc):
    """DVC that gives these bytes, whatever they are asked for."""

    def __init__(self, content):
        super().__init__()
        self.content = content

    def get(self, path, revision, destination, *, remote=None):
        destination.write_bytes(self.content)
        return finished()


@pytest.mark.parametrize(("content", "ok"), [(b"one", True), (b"two", False)])
def test_the_copy_is_named(tmp_path, content, ok):
    desk = begun(repository(tmp_path / "work")).merge(b"one")
    desk.register()
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    _, proofs = verify(desk.git, Giving(content), FileTree, scratch, CONFIG, "", "income")
    (proof,) = (each for each in proofs if each.what == "bytes")
    assert proof.ok is ok
    assert "models/income.skops as DVC gives it here, from its cache" in proof.why
