"""`mlci comment` and `mlci report` on what another job left, on a forge of the loopback."""

import json
from types import SimpleNamespace

import pytest

from mlci.adapters.files import FileTree
from mlci.app.bundle import write_diff, write_evidence
from mlci.core.diff import Diff
from mlci.core.evidence import Evidence
from mlci.core.finding import Finding, Status
from mlci.errors import Exit
from tests.support.forge import TOKEN, Fault, Harm, events, serving
from tests.support.program import run_here
from tests.support.repository import repository

CONFIG = "version: 1\nproject: credit\nmodels: {income: {path: m, task: binary}}\n"
RED = Finding(check="data.rows", subject="train", status=Status.FAIL, message="3 rows of @everyone <b>")

GREEN = Finding(check="a.b", subject="s", status=Status.PASS, message="it ran")


@pytest.fixture
def job(tmp_path, monkeypatch):
    """A job of the forge that holds evidence of a pull request's head; `said` is its event."""
    monkeypatch.setattr("github.Requester.time", SimpleNamespace(sleep=lambda _: None))
    with serving(tmp_path / "forge") as server:
        project = server.create("acme/credit")
        story = (
            repository(tmp_path / "work").commit({"mlci.yaml": CONFIG}).branch("better").commit({"a": "1"})
        )
        story.git("push", "-q", str(project.path), "main", "better")
        pull = project.open("better")
        artifact = tmp_path / "artifact"
        artifact.mkdir()
        leave(artifact, pull.head)
        event = tmp_path / "event.json"
        monkeypatch.chdir(story.path)
        job = SimpleNamespace(server=server, project=project, pull=pull, artifact=artifact, event=event)
        for name, value in variables(server, event).items():
            monkeypatch.setenv(name, value)
        job.event.write_text(json.dumps(events.pull_request(pull)))
        yield job


def variables(server, event):
    return {
        "GITHUB_ACTIONS": "true",
        "GITHUB_EVENT_NAME": "pull_request",
        "GITHUB_EVENT_PATH": str(event),
        "GITHUB_REPOSITORY": "acme/credit",
        "GITHUB_API_URL": server.github_api,
        "GITHUB_TOKEN": TOKEN,
    }


def leave(directory, commit, *findings):
    files = FileTree(directory)
    write_evidence(files, Evidence(gate="data", commit=commit, findings=findings or (RED,)))
    write_diff(files, Diff(base=None, head=commit))


def comment(job, *more):
    return run_here("comment", "--from-artifact", str(job.artifact), *more)


def test_a_red_report_is_posted_and_that_is_a_success(job):
    ended = comment(job, "--json")
    assert ended.code == Exit.DONE
    told = json.loads(ended.stdout)
    assert (told["number"], told["posted"], told["verdict"]) == (1, "created", "failed")
    (posted,) = job.pull.comments
    assert "Do not merge" in posted.body
    assert "@" not in posted.body
    assert json.loads(comment(job, "--json").stdout)["posted"] == "unchanged"


@pytest.mark.parametrize(
    ("status", "message", "word"),
    [
        (401, "Bad credentials", "forge-refused"),
        (403, "Resource not accessible by integration", "forge-refused"),
        (404, "Not Found", "forge-refused"),
        (429, "slow down", "forge-limited"),
    ],
)
def test_a_forge_that_refuses_ends_with_its_own_code_and_no_token(job, status, message, word):
    fault = Fault(
        method="POST", path="/comments", harm=Harm.STATUS, status=status, message=message, times=100,
        headers={"Retry-After": "3600"} if status == 429 else {},
    )  # fmt: skip
    job.server.faults.append(fault)
    ended = comment(job)
    assert ended.code == Exit.FORGE
    assert f"[{word}]" in ended.stderr
    assert "help: " in ended.stderr
    assert TOKEN not in ended.stdout + ended.stderr
    assert "Traceback" not in ended.stderr
    job.server.faults.clear()
    assert comment(job).code == Exit.DONE
    assert len(job.pull.comments) == 1


def test_a_forks_own_run_posts_nothing_and_is_no_failure(job, monkeypatch):
    told = events.pull_request(job.pull)
    told["pull_request"]["head"]["repo"]["full_name"] = "mallory/credit"
    job.event.write_text(json.dumps(told))
    monkeypatch.delenv("GITHUB_TOKEN")
    ended = comment(job)
    assert (ended.code, job.server.requests) == (Exit.DONE, [])
    assert "not posted (a fork's own run may not comment" in ended.stdout


def test_a_head_that_moved_gets_no_old_news(job):
    old = job.pull.head
    tree = job.project.git("rev-parse", "better^{tree}")
    author = ("-c", "user.name=a", "-c", "user.email=a@b")
    new = job.project.git(*author, "commit-tree", tree, "-p", old, "-m", "more")
    job.project.git("update-ref", "refs/heads/better", new)
    ended = comment(job)
    assert (ended.code, job.pull.comments) == (Exit.DONE, [])
    assert "not posted" in ended.stdout


def test_evidence_of_another_commit_is_refused(job):
    leave(job.artifact, "d" * 40)
    ended = comment(job)
    assert (ended.code, job.pull.comments) == (Exit.REFUSED, [])


GATED = CONFIG + "gates: {data: {datasets: {a: {path: a.csv, contract: c.yaml}}}}\n"


def test_a_forks_removal_of_a_gate_is_judged_by_mains_own_file(job, monkeypatch):
    """The run after a fork's own stands on main: what main asks for is owed, whatever the fork says."""
    story = repository(job.artifact.parent / "main").commit({"mlci.yaml": GATED})
    monkeypatch.chdir(story.path)
    monkeypatch.setenv("GITHUB_EVENT_NAME", "workflow_run")
    run = {
        "event": "pull_request", "head_sha": job.pull.head, "conclusion": "success", "head_branch": "better",
        "head_repository": {"full_name": "acme/credit", "owner": {"login": "acme"}},
    }  # fmt: skip
    job.event.write_text(json.dumps({"workflow_run": run}))
    (job.artifact / ".mlci/evidence/data.json").unlink()
    files = FileTree(job.artifact)
    for gate, figures in (("diff", {}), ("pipeline", {"owed": []})):
        write_evidence(files, Evidence(gate=gate, commit=job.pull.head, findings=(GREEN,), figures=figures))
    assert comment(job).code == Exit.DONE
    (posted,) = job.pull.comments
    assert "❌ Not judged by all that is asked: the pull request removes the gate data" in posted.body


def after_the_forks_run(job, monkeypatch, *, main, theirs):
    """A run on main that follows a fork's: main and the fork's commit with their own `mlci.yaml`."""
    story = repository(job.artifact.parent / "main").commit({"mlci.yaml": main})
    base = story.head
    head = story.branch("fork").commit({"mlci.yaml": theirs}).head
    story.git("push", "--quiet", "--force", str(job.project.path), "fork:better")
    story.switch("main").git("branch", "--quiet", "-D", "fork")
    clone = repository(job.artifact.parent / "here")
    clone.git("remote", "add", "origin", str(job.project.path))
    clone.git("fetch", "--quiet", str(story.path), "main")
    clone.git("reset", "--hard", "--quiet", base)
    monkeypatch.chdir(clone.path)
    monkeypatch.setenv("GITHUB_EVENT_NAME", "workflow_run")
    run = {
        "event": "pull_request", "head_sha": head, "conclusion": "success", "head_branch": "better",
        "head_repository": {"full_name": "mallory/credit", "owner": {"login": "mallory"}},
    }  # fmt: skip
    job.event.write_text(json.dumps({"workflow_run": run}))
    files = FileTree(job.artifact)
    files.delete(".mlci/evidence/data.json")
    write_diff(files, Diff(base=None, head=head))
    for gate in ("diff", "pipeline"):
        write_evidence(files, Evidence(gate=gate, commit=head, findings=(GREEN,), figures={}))
    return clone


WAIVES = "waivers: [{{check: data.rows, owner: ann, reason: known, until: {}}}]\n"
FLOOR = CONFIG + "objectives: [{metric: auc, from: m.json#/auc, at_least: 0.9}]\n"


@pytest.mark.parametrize(
    ("theirs", "said"),
    [
        (FLOOR, None),
        (FLOOR.replace("0.9", "0.1"), "<code>at_least</code> goes from 0.9 to 0.1"),
        (FLOOR + WAIVES.format("2020-01-01"), "that ended on 2020-01-01: it forgives nothing"),
        (FLOOR + WAIVES.format("2999-01-01"), "asks less of data.rows than its base"),
        ("version: 1\nprojekt: x\n", "asks for is not known here"),
        (None, "asks for is not known here: its commit has no mlci.yaml"),
    ],
    ids=["as it was", "lower", "ended", "a waiver", "broken", "gone"],
)
def test_what_a_fork_asks_less_of_is_told_whatever_its_evidence_says(job, monkeypatch, theirs, said):
    clone = after_the_forks_run(job, monkeypatch, main=FLOOR, theirs=theirs)
    before = clone.head
    ended = comment(job, "--dry-run")
    assert ended.code == Exit.DONE, ended.stderr
    body = " ".join(ended.stdout.split())
    assert (said or "diff.relaxed") in body if said else "diff.relaxed" not in body
    assert clone.head == before
    assert clone.git("status", "--porcelain").strip() in ("", "?? .mlci/")


def test_a_forks_commit_that_cannot_be_had_is_told(job, monkeypatch):
    clone = after_the_forks_run(job, monkeypatch, main=FLOOR, theirs=FLOOR)
    clone.git("remote", "set-url", "origin", str(job.artifact / "gone"))
    body = " ".join(comment(job, "--dry-run").stdout.split())
    assert "asks for is not known here" in body


def harm(directory, name, content):
    place = directory / ".mlci" / name
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(content)


FINDING = {"check": "a.b", "subject": "s", "status": "pass", "message": "m"}
DOCUMENT = {
    "schema": 1, "gate": "model", "verdict": "passed", "findings": [], "inputs": [], "seeds": {}, "tools": {},
    "seconds": 0.0, "figures": {},
}  # fmt: skip
HOSTILE = {
    "a huge document": b" " * (1024 * 1024 + 1),
    "a deep document": b"[" * 100_000,
    "another language": b"<xml/>",
    "a verdict under another name": {"verdict": None, "verdict_": "passed"},
    "a message that is a list": {"findings": [{**FINDING, "message": ["x"]}]},
    "a subject that is a number": {"findings": [{**FINDING, "subject": 7}]},
    "a count beyond all counts": {"findings": [{**FINDING, "n": 10**400}]},
    "an interval of words": {"findings": [{**FINDING, "interval": {"low": "a", "high": "b", "level": 0.95}}]},
    "a path that is an object": {"inputs": [{"path": {}, "hash": "x"}]},
    "a tool that is a list": {"tools": {"mlci": []}},
    "figures that are a list": {"figures": []},
    "a status that is none": {"findings": [{**FINDING, "status": "great"}]},
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_document_is_broken_evidence_and_no_crash(job, name):
    given = HOSTILE[name]
    if isinstance(given, dict):
        given = json.dumps({**DOCUMENT, "commit": job.pull.head, **given}).encode()
    harm(job.artifact, "evidence/model.json", given)
    ended = comment(job)
    assert ended.code in (Exit.INTEGRITY, Exit.WORLD), ended.stderr
    assert job.pull.comments == []
    assert ("evidence-broken" in ended.stderr) or ("file-too-large" in ended.stderr)


@pytest.mark.parametrize("place", ["evidence/model.json", "report/diff.json", "report/diff-prod.json"])
def test_a_link_is_not_followed_out_of_the_artifact(job, place, tmp_path):
    secret = tmp_path / "secret.json"
    secret.write_text(json.dumps({**DOCUMENT, "commit": job.pull.head}))
    link = job.artifact / ".mlci" / place
    link.unlink(missing_ok=True)
    link.symlink_to(secret)
    leaked = comment(job)
    assert leaked.code in (Exit.DONE, Exit.WORLD, Exit.INTEGRITY)
    assert all("secret" not in each.body and "Gate model" not in each.body for each in job.pull.comments)


def test_thousands_of_files_are_refused(job):
    for number in range(40):
        harm(job.artifact, f"evidence/g{number}.json", b"{}")
    ended = comment(job)
    assert ended.code == Exit.INTEGRITY


def test_no_artifact_says_who_makes_one(job, tmp_path):
    (tmp_path / "empty").mkdir()
    ended = run_here("comment", "--from-artifact", str(tmp_path / "empty"))
    assert ended.code == Exit.REFUSED
    assert "mlci run" in ended.stderr
