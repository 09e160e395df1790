"""Whose bytes `mlci verify` looked at: the answer names the path and the copy."""

import pytest

from mlci.adapters.files import FileTree
from mlci.app.resolve import resolve
from mlci.app.retire import retire
from mlci.app.verify import settle, verify, withdrawn
from mlci.errors import IntegrityError
from tests.support.fakes import FakeDvc, finished
from tests.support.registry import CONFIG, CONTEXT, begun
from tests.support.repository import repository


class Giving(FakeDvc):
    """DVC that gives these bytes, whatever they are asked for."""

    def __init__(self, content=b"one", **told):
        super().__init__(**told)
        self.content = content

    def get(self, path, revision, destination, *, remote=None):
        destination.write_bytes(self.content)
        return finished()


ONE = "f97c5d29941bfb1b2fdab0874906ab82"


@pytest.fixture
def desk(tmp_path):
    desk = begun(repository(tmp_path / "work")).merge(b"one")
    desk.register()
    return desk


def proof(desk, tmp_path, dvc, what):
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    found, proofs = verify(desk.git, dvc, FileTree, scratch, CONFIG, "", "income")
    return found, next(each for each in proofs if each.what == what), proofs


@pytest.mark.parametrize(("content", "ok"), [(b"one", True), (b"two", False)])
@pytest.mark.parametrize(("has_cached", "copy"), [(True, "its cache"), (False, "the remote")])
def test_the_copy_is_named(desk, tmp_path, content, ok, has_cached, copy):
    _, bytes_, _ = proof(desk, tmp_path, Giving(content, has_cached=has_cached), "bytes")
    assert bytes_.ok is ok
    assert f"models/income.skops as DVC gives it here, from {copy}" in bytes_.why


@pytest.mark.parametrize(
    ("stored", "says"), [("0" * 32, "storage holds other bytes, md5 000"), ("", "storage holds nothing")]
)
def test_a_remote_that_would_give_others_something_else_breaks_the_version(desk, tmp_path, stored, says):
    dvc = Giving(stored={ONE: stored}, has_cached=True)
    found, remote, proofs = proof(desk, tmp_path, dvc, "remote bytes")
    assert (remote.ok, says in remote.why) == (False, True)
    with pytest.raises(IntegrityError) as caught:
        settle(found, proofs)
    assert caught.value.id == "version-broken"


def test_a_remote_that_is_silent_leaves_it_unproven_and_is_named(desk, tmp_path):
    dvc = Giving(silent="no such bucket", has_cached=True)
    found, remote, proofs = proof(desk, tmp_path, dvc, "remote bytes")
    assert (remote.ok, remote.why) == (None, "storage cannot be read: no such bucket")
    with pytest.raises(IntegrityError) as caught:
        settle(found, proofs)
    assert (caught.value.id, "DVC remote" in caught.value.help) == ("version-unproven", True)
    settle(found, proofs, allow_unproven=True)


def test_a_version_that_was_withdrawn_says_so(desk, tmp_path):
    found, _, _ = proof(desk, tmp_path, Giving(), "bytes")
    assert withdrawn(desk.git, found) == ""
    retire(desk.ledger, desk.config, "", CONTEXT, model="income", version="v0.1.0", reason="leaks")
    found = resolve(desk.git, "income@v0.1.0")
    assert withdrawn(desk.git, found).startswith("income v0.1.0 was withdrawn: income@v0.1.0!#1 on 20")
    assert withdrawn(desk.git, found).endswith("(leaks)")
