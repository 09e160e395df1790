import json
from pathlib import Path

import pytest
from msgspec.structs import replace

from mlci.adapters.files import FileTree
from mlci.adapters.git import GitCli
from mlci.adapters.process import ProcessRunner
from mlci.app.bundle import Bundle, clear, read_bundle, write_diff, write_evidence
from mlci.app.commit import commit_under_test, outdated, settled
from mlci.core.config import Config
from mlci.core.context import RunContext, Trigger
from mlci.core.diff import Diff
from mlci.core.evidence import Evidence, to_json
from mlci.core.finding import Finding, Interval, Location, Status, Waived
from mlci.errors import IntegrityError, RefusedError, WorldError
from tests.support.repository import repository

HEAD = "a" * 40
FULL = Evidence(
    gate="data",
    commit=HEAD,
    findings=(
        Finding(
            check="data.missing",
            subject="train.income",
            status=Status.FAIL,
            message="12 % missing",
            observed=0.12,
            expected="≤ 5 %",
            interval=Interval(low=0.1, high=0.14),
            n=1000,
            help="look at the source",
            location=Location(path="contracts/train.yaml", line=3),
            waived=Waived(owner="@ana", reason="r", until="2027-01-01"),
        ),
    ),
    seeds={"bootstrap": 7},
    figures={"table": [1, None, "x"]},
    seconds=0.25,
)


@pytest.fixture
def files(tmp_path: Path) -> FileTree:
    return FileTree(tmp_path)


def test_what_is_written_is_read_back(files: FileTree) -> None:
    write_evidence(files, FULL)
    write_diff(files, Diff(base=None, head=HEAD))
    assert read_bundle(files) == Bundle(evidence=(FULL,), diff=Diff(base=None, head=HEAD))


@pytest.mark.parametrize("prefix", [".", "projects/credit"])
def test_what_a_run_leaves_is_no_change_of_the_work_tree(tmp_path: Path, prefix: str) -> None:
    story = repository(tmp_path / "work").commit({f"{prefix}/mlci.yaml": "version: 1\nproject: credit\n"})
    files = FileTree(story.path / prefix)
    clear(files)
    write_evidence(files, FULL)
    write_evidence(files, FULL)
    git, config = GitCli(ProcessRunner({}), story.path, {}), Config(project="credit")
    assert outdated(story.head, RunContext(), git, tree=True, sure=True) == ""
    assert settled(RunContext(), git, config).trigger is Trigger.MAIN
    assert commit_under_test(RunContext(), git) == story.head


def test_an_ignore_file_of_somebodys_own_stays(files: FileTree) -> None:
    files.write(".mlci/.gitignore", b"cache/\n")
    write_evidence(files, FULL)
    assert files.read(".mlci/.gitignore") == b"cache/\n"


def test_an_earlier_run_is_forgotten(files: FileTree) -> None:
    write_evidence(files, FULL)
    clear(files)
    with pytest.raises(RefusedError, match="no evidence"):
        read_bundle(files)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("data.json", b"{"),
        ("data.json", b"[]"),
        ("data.json", b'{"schema": 1, "schema": 1}'),
        ("data.json", b"\xff\xfe"),
        ("data.json", b"[" * 100_000),
        ("data.json", b'{"schema": 1, "gate": "data", "findings": 3}'),
        ("DATA.json", b"{}"),
        ("x.txt", b"{}"),
    ],
)
def test_what_no_run_leaves_is_refused(files: FileTree, name: str, content: bytes) -> None:
    files.write(f".mlci/evidence/{name}", content)
    with pytest.raises(IntegrityError):
        read_bundle(files)


def test_what_a_newer_mlci_adds_is_passed_over(files: FileTree) -> None:
    document = json.loads(to_json(FULL))
    (finding,) = document["findings"]
    newer = {**document, "new": 1, "findings": [{**finding, "new": {"x": 1}, "waived": None}]}
    files.write(".mlci/evidence/data.json", json.dumps({**newer, "verdict": "failed"}).encode())
    (told,) = read_bundle(files).evidence
    assert told == replace(FULL, findings=(replace(FULL.findings[0], waived=None),))


@pytest.mark.parametrize("change", [{"schema": 2}, {"commit": 3}, {"findings": [{"check": "a.b"}]}])
def test_what_means_something_else_or_lacks_something_is_refused(
    files: FileTree, change: dict[str, object]
) -> None:
    files.write(".mlci/evidence/data.json", json.dumps({**json.loads(to_json(FULL)), **change}).encode())
    with pytest.raises(IntegrityError):
        read_bundle(files)


def test_evidence_under_another_gates_name_is_refused(files: FileTree) -> None:
    write_evidence(files, FULL)
    files.write(".mlci/evidence/model.json", files.read(".mlci/evidence/data.json"))
    with pytest.raises(IntegrityError, match="speaks of the gate 'data'"):
        read_bundle(files)


def test_a_verdict_that_does_not_follow_is_refused(files: FileTree) -> None:
    write_evidence(files, FULL)
    forged = files.read(".mlci/evidence/data.json").replace(b'"verdict": "warned"', b'"verdict": "passed"')
    files.write(".mlci/evidence/data.json", forged)
    with pytest.raises(IntegrityError, match="does not follow"):
        read_bundle(files)


def test_a_huge_document_is_refused(files: FileTree) -> None:
    files.write(".mlci/evidence/data.json", b" " * (1024 * 1024 + 1))
    with pytest.raises(WorldError):
        read_bundle(files)


def test_a_link_out_of_the_artifact_is_not_followed(files: FileTree, tmp_path: Path) -> None:
    secret = tmp_path.parent / "secret.json"
    secret.write_text("{}")
    (tmp_path / ".mlci/evidence").mkdir(parents=True)
    (tmp_path / ".mlci/evidence/data.json").symlink_to(secret)
    with pytest.raises((WorldError, RefusedError)):
        read_bundle(files)
