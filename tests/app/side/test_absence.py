"""What is said of bytes that are not to be had: which of three places lacks them, and what brings them."""

import hashlib

import pytest

from mlci.adapters.dvc import DvcCli
from mlci.adapters.files import FileTree
from mlci.adapters.git import GitCli
from mlci.adapters.process import ProcessRunner
from mlci.app.side.absence import absence
from mlci.app.side.outputs import Outputs
from mlci.app.side.snapshot import Snapshot, declared
from tests.support.fakes import FakeDvc
from tests.support.repository import repository

NAME = hashlib.md5(b"1").hexdigest()
ENVIRONMENT = {"PATH": "/usr/bin:/bin"}


class Elsewhere(FakeDvc):
    """A remote that counts how often the network is needed to ask it."""

    def unreadable(self, remote):
        self.asked.append({"unreadable": remote})
        return super().unreadable(remote)

    def absent(self, names, *, remote=None):
        self.asked.append({} if self.near else {"absent": names})
        return super().absent(names, remote=remote)

    def remotes(self):
        return ["archive", *super().remotes()] if self.says else super().remotes()


TRACKED = f"outs: [{{path: m.csv, hash: md5, md5: {NAME}}}]\n"


def told(place, dvc, *, commit, path="m.csv", remote=None, pointer=TRACKED):
    story = repository(place).commit({"m.csv.dvc": pointer})
    snapshot = Snapshot(
        git=GitCli(ProcessRunner(ENVIRONMENT), story.path, ENVIRONMENT),
        files=FileTree(story.path),
        prefix="",
        commit=story.head if commit else None,
    )
    found = absence(Outputs(dvc=dvc, remote=remote), snapshot, path, declared(snapshot).outs)
    return found.why, found.help.replace(story.head[:10], "COMMIT")


HERE = [
    (Elsewhere(), "is not here", "dvc pull m.csv; where storage does not hold it: mlci run"),
    (Elsewhere(near=True), "is not here, but on the remote storage", "dvc pull m.csv"),
    (
        Elsewhere(near=True, missing=["m.csv"]),
        "is neither here, nor in DVC's cache, nor on the remote storage",
        "mlci run, which makes it; or dvc push where it was made",
    ),
    (
        Elsewhere(remote=None),
        "is neither here nor in DVC's cache, and there is no DVC remote",
        "mlci run, which makes it",
    ),
    (
        Elsewhere(remote=None, says=["two"]),
        "is neither here nor in DVC's cache, and none of DVC's remotes is its default",
        "dvc remote default archive",
    ),
]


@pytest.mark.parametrize(("dvc", "why", "help_"), HERE)
def test_for_the_work_tree_nobody_goes_to_the_network(tmp_path, dvc, why, help_):
    assert told(tmp_path / "work", dvc, commit=False) == (why, help_)
    assert [each for each in dvc.asked if each] == []


AT_A_COMMIT = [
    (
        Elsewhere(silent="EndpointConnectionError: no route"),
        "cannot be fetched: the remote storage cannot be read (EndpointConnectionError: no route)",
        "mlci doctor",
    ),
    (
        Elsewhere(missing=["m.csv"]),
        "is neither here, nor in DVC's cache, nor on the remote storage",
        "`dvc push` on the branch that made it",
    ),
    (
        Elsewhere(near=True),
        "is on the remote storage, and could not be fetched",
        "dvc get --rev COMMIT . m.csv says why",
    ),
    (
        Elsewhere(remote=None),
        "is neither here nor in DVC's cache, and there is no DVC remote",
        "where it was made: dvc remote add --default storage URL, then dvc push",
    ),
]


@pytest.mark.parametrize(("dvc", "why", "help_"), AT_A_COMMIT)
def test_of_a_commit_the_remote_is_asked_what_is_wrong(tmp_path, dvc, why, help_):
    assert told(tmp_path / "work", dvc, commit=True) == (why, help_)


@pytest.mark.parametrize(
    ("commit", "then"), [(False, ", then mlci run"), (True, ": from the next commit on it is kept")]
)
def test_what_nothing_records_is_to_be_declared(tmp_path, commit, then):
    why, help_ = told(tmp_path / "work", Elsewhere(), commit=commit, path="other.csv")
    assert why == "is not here, and neither Git nor dvc.lock holds it"
    assert help_ == f"declare it under `outs:` of a stage in dvc.yaml{then}"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("there", "why"),
    [
        (True, "is neither here, nor in DVC's cache, nor on the remote storage"),
        (False, "cannot be fetched: the remote storage cannot be read (there is no such directory here)"),
    ],
)
def test_a_real_remote_that_is_away_is_told_from_one_that_is_empty(tmp_path, there, why):
    work = repository(tmp_path / "work").with_dvc("storage")
    url = tmp_path / "elsewhere"
    work.dvc("remote", "modify", "storage", "url", str(url))
    if there:
        url.mkdir()
    dvc = DvcCli(ProcessRunner({}), work.path, dict(ENVIRONMENT), root=work.path, settings={})
    assert told(work.path, dvc, commit=True)[0] == why


@pytest.mark.parametrize(
    ("commit", "where", "advice"),
    [
        (True, "in Git", "git add m.csv and commit it on the branch that made it"),
        (False, "here", "mlci run, then git add m.csv and commit it"),
    ],
)
def test_of_what_git_holds_nobody_is_sent_to_a_remote(tmp_path, commit, where, advice):
    uncached = f"outs: [{{path: m.csv, hash: md5, md5: {NAME}, cache: false}}]\n"
    why, help_ = told(tmp_path / "work", FakeDvc(), commit=commit, pointer=uncached)
    assert why == f"is not {where}, and by `cache: false` only Git holds it"
    assert help_ == advice
