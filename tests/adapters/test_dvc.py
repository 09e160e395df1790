"""DVC, driven for real."""

import os

import pytest

from mlci.adapters.dvc import DvcCli
from mlci.errors import WorldError
from tests.support.repository import repository

pytestmark = pytest.mark.slow


@pytest.fixture
def work(tmp_path):
    return (
        repository(tmp_path / "work")
        .with_dvc("storage", "other.one")
        .data({"data.txt": "1\n"})
        .stage("copy", "cp data.txt out.txt", deps=["data.txt"], outs=["out.txt"])
        .reproduce()
    )


def test_a_forgotten_push_is_seen_and_a_clean_clone_is_served(work, process, tmp_path):
    dvc = DvcCli(process, work.path, dict(os.environ))
    assert (dvc.remotes(), dvc.default_remote()) == (["other.one", "storage"], "storage")
    assert dvc.cache_dir() == work.path / ".dvc/cache"
    assert [each.path for each in dvc.not_in_remote()] == ["data.txt", "out.txt"]
    assert dvc.push().ok
    assert dvc.not_in_remote() == []
    assert len(dvc.not_in_remote(remote="other.one")) == 2

    clone = DvcCli(process, work.clone(tmp_path / "clone").path, dict(os.environ))
    assert clone.not_in_remote() == []
    lines: list[str] = []
    assert clone.repro(pull=True, on_line=lines.append).ok
    assert lines[-1] == "Data and pipelines are up to date."
    assert clone.get("out.txt", work.head, tmp_path / "got").ok
    assert (tmp_path / "got").read_text() == "1\n"


def test_a_module_of_the_project_is_not_taken_for_dvc_and_what_fails_is_told(work, process, tmp_path):
    work.write({"dvc.py": "raise SystemExit('planted')", "yaml.py": "raise SystemExit('planted')"})
    dvc = DvcCli(process, work.path, dict(os.environ))
    assert dvc.remotes() == ["other.one", "storage"]
    with pytest.raises(WorldError) as caught:
        dvc.not_in_remote(remote="nowhere")
    assert caught.value.id == "dvc-failed"


def test_an_output_of_a_project_below_the_root_is_given(process, tmp_path):
    work = repository(tmp_path / "work").with_dvc("storage").data({"below/data.txt": "1\n"})
    dvc = DvcCli(process, work.path / "below", dict(os.environ), root=work.path)

    done = dvc.get("data.txt", work.head, tmp_path / "got")

    assert (done.ok, (tmp_path / "got").read_text()) == (True, "1\n")


def test_what_a_remote_does_not_hold_is_named_file_by_file(process, tmp_path):
    work = repository(tmp_path / "work").with_dvc("storage").data({"one.txt": "1\n"})
    work.write({"many/a.txt": "a\n"}).dvc("add", "many")
    dvc = DvcCli(process, work.path, dict(os.environ))
    names = ["b026324c6904b2a9cb4b88d6d61c81d1", "many"]
    recorded = (work.path / "many.dvc").read_text()
    names[1] = next(each for each in recorded.split() if each.endswith(".dir"))

    assert dvc.absent(names) == names
    assert dvc.push().ok
    assert dvc.absent([*names, "0" * 32]) == ["0" * 32]

    assert dvc.hashed(names) == {
        names[0]: names[0],
        names[1]: names[1].removesuffix(".dir"),
        "60b725f10c9c85c70d97880dfe8191b3": "60b725f10c9c85c70d97880dfe8191b3",
    }
    assert dvc.cached(names[1])
    assert not dvc.cached("0" * 32)

    storage = next(
        path for path in tmp_path.rglob("60/b725f10c9c85c70d97880dfe8191b3") if "cache" not in path.parts
    )
    storage.chmod(0o644)
    storage.write_text("forged")
    assert dvc.hashed(names)["60b725f10c9c85c70d97880dfe8191b3"] == "ea76aa1d2eceb24df1cae061feb57188"
    storage.unlink()
    assert dvc.absent(names) == [names[1]]
    assert dvc.hashed(names)["60b725f10c9c85c70d97880dfe8191b3"] == ""
