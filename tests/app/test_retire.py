import shutil

import pytest

from mlci.adapters.files import FileTree
from mlci.app.retire import leave_page, retire
from mlci.errors import RefusedError, UsageError
from tests.support.registry import CONTEXT, begun
from tests.support.repository import repository


@pytest.fixture
def desk(tmp_path):
    """Two versions, the second in staging."""
    desk = begun(repository(tmp_path / "work")).merge(b"one")
    desk.register()
    desk.merge(b"two").register()
    desk.reconcile()
    return desk


def gone(desk, version=None, **options):
    written, pending = retire(
        desk.ledger, desk.config, "", CONTEXT, model="income", version=version, reason="old labels", **options
    )
    return [each.tag for each in written], [each.sentence for each in pending]


def test_a_version_that_nobody_runs_is_withdrawn_once(desk):
    assert gone(desk, "v0.1.0", write=False) == ([], ["Withdraw income v0.1.0"])
    assert gone(desk, "v0.1.0") == (["income@v0.1.0!#2"], [])
    assert gone(desk, "v0.1.0") == ([], [])
    assert [each.title for each in desk.registry.model("income").versions] == ["v0.2.0"]


@pytest.mark.parametrize("version", ["v0.2.0", None])
def test_what_an_environment_runs_stays(desk, version):
    with pytest.raises(RefusedError) as caught:
        gone(desk, version)
    assert caught.value.id == "in-use"


def test_what_a_file_asks_for_stays(desk):
    desk.merge(prod="income: v0.1.0\n")
    with pytest.raises(RefusedError) as caught:
        gone(desk, "v0.1.0")
    assert caught.value.id == "in-use"


def test_a_model_that_nobody_runs_is_deprecated_once(tmp_path):
    desk = begun(repository(tmp_path / "work")).merge(b"one")
    desk.register()
    assert gone(desk) == (["income@deprecated#1"], [])
    assert gone(desk) == ([], [])
    assert not desk.registry.model("income").active


@pytest.mark.parametrize("reason", ["", " \n"])
def test_a_reason_says_something(tmp_path, reason):
    desk = begun(repository(tmp_path / "work"))
    with pytest.raises(UsageError) as caught:
        retire(desk.ledger, desk.config, "", CONTEXT, model="income", version=None, reason=reason)
    assert caught.value.where == "--reason"


def test_the_last_page_tells_the_whole_trail(tmp_path):
    desk = begun(repository(tmp_path / "work")).merge(b"one")
    desk.register()
    retire(desk.ledger, desk.config, "", CONTEXT, model="income", version=None, reason="replaced <b>now</b>")
    desk.story.commit({".gitignore": "/models\n"})
    shutil.rmtree(desk.directory / ".mlci")
    path = leave_page(FileTree(desk.directory), desk.git, "income")
    assert path == ".mlci/report/income-retired.html"
    assert not desk.git.dirty()
    text = (desk.directory / path).read_text("utf-8")
    assert "registered v0.1.0" in text
    assert "retired" in text
    assert "<b>now" not in text
