"""Runs generated GitHub workflows with `act`, without Docker and without a network."""

import json
import re
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import yaml

from mlci.ci.github import actions as pins
from tests.support import node
from tests.support.forge import TOKEN, Pull, events
from tests.support.runs import STAND_INS, Run, Runner
from tests.support.tools import BIN

_FOLDERS = {
    pins.CHECKOUT: "checkout",
    pins.SETUP_UV: "setup_uv",
    pins.UPLOAD_ARTIFACT: "upload_artifact",
    pins.DOWNLOAD_ARTIFACT: "download_artifact",
}
_MACHINES = ("ubuntu-24.04", "self-hosted")
_ids = count(1001)


@dataclass(frozen=True, slots=True, kw_only=True)
class Actions(Runner):
    """Plays GitHub Actions: an event starts the workflows of a commit that ask for it.

    Each method returns the runs it started, by the word that ends the workflow's file name.
    """

    def pull_request(self, pull: Pull, action: str = "synchronize") -> Mapping[str, Run]:
        """A pull request was opened or pushed to."""
        self.project.show(pull)
        return self._start("pull_request", events.pull_request(pull, action), pull.head)

    def push(self, branch: str) -> Mapping[str, Run]:
        """A branch was pushed, or a pull request merged into it."""
        ref = f"refs/heads/{branch}"
        return self._start("push", events.push(self.project, ref), self.project.sha(ref))

    def tag(self, tag: str) -> Mapping[str, Run]:
        """A tag was pushed, by a person or an App; a workflow's own token would start nothing."""
        ref = f"refs/tags/{tag}"
        return self._start("push", events.push(self.project, ref), self.project.sha(ref))

    def dispatch(self, file: str, **inputs: str) -> Run:
        """A workflow of the default branch was started by hand."""
        document = events.dispatch(self.project, inputs)
        tip = self.project.sha(self.project.default_branch)
        started = self._start("workflow_dispatch", document, tip, only=file)
        (run,) = started.values()
        return run

    def after(self, run: Run, pull: Pull) -> Mapping[str, Run]:
        """A pull request's run has ended, which starts workflows of the default branch."""
        conclusion = "success" if run.green else "failure"
        document = events.workflow_run(pull, run.id, conclusion)
        tip = self.project.sha(self.project.default_branch)
        return self._start("workflow_run", document, tip)

    def _start(
        self, event: str, document: Mapping[str, Any], commit: str, only: str | None = None
    ) -> dict[str, Run]:
        run_id = next(_ids)
        clone = self.checkout(commit, f"run-{run_id}")
        files = [each for each in _asking(clone, event, document) if only in (None, each.name)]
        return {each.stem.rpartition("mlci-")[2]: self._run(event, document, clone, each) for each in files}

    def _run(self, event: str, document: Mapping[str, Any], clone: Path, file: Path) -> Run:
        run_id = next(_ids)
        told = self.place / f"event-{run_id}.json"
        told.write_text(json.dumps(document), encoding="utf-8")
        done = subprocess.run(
            [*_act(event, told, file), *self._options(run_id)],
            cwd=clone,
            env=self.variables(),
            capture_output=True,
            text=True,
            timeout=self.timeout,
            check=False,
        )
        return _read(run_id, done)

    def variables(self) -> dict[str, str]:
        """Likewise, with node, which actions in JavaScript need."""
        known = Runner.variables(self)
        return {**known, "PATH": f"{node.BIN}:{known['PATH']}"}

    def _options(self, run_id: int) -> Iterator[str]:
        told = {
            "GITHUB_API_URL": self.forge.github_api,
            "GITHUB_SERVER_URL": self.forge.url,
            "GITHUB_REPOSITORY": self.project.name,
            "GITHUB_RUN_ID": str(run_id),
            **self.variables(),
        }
        for name, value in told.items():
            yield from ("--env", f"{name}={value}")
        for name, value in {"GITHUB_TOKEN": TOKEN, **self.secrets}.items():
            yield from ("--secret", f"{name}={value}")
        for action, folder in _FOLDERS.items():
            yield from ("--local-repository", f"{action.repository}@{action.commit}={STAND_INS / folder}")
        yield from ("--action-cache-path", str(self.place / "act"))


def _act(event: str, told: Path, file: Path) -> Iterator[str]:
    yield from (str(BIN / "act"), event, "--eventpath", str(told), "--workflows", str(file), "--actor", "ana")
    for machine in _MACHINES:
        yield from ("--platform", f"{machine}=-self-hosted")
    yield from ("--use-new-action-cache", "--action-offline-mode", "--no-cache-server")
    yield from ("--no-skip-checkout", "--json")


def _asking(clone: Path, event: str, document: Mapping[str, Any]) -> list[Path]:
    """The workflows that ask for an event. act itself does not look at branches, tags and names."""
    files = sorted((clone / ".github" / "workflows").glob("*.yml"))
    return [each for each in files if _asks(yaml.safe_load(each.read_text())["on"], event, document)]


def _asks(on: Mapping[str, Any], event: str, document: Mapping[str, Any]) -> bool:
    if event not in on:
        return False
    wanted = on[event] or {}
    ref = document.get("ref", "")
    if event == "pull_request":
        return _any(wanted.get("branches", ["**"]), document["pull_request"]["base"]["ref"])
    if event == "push" and ref.startswith("refs/tags/"):
        return _any(wanted.get("tags", []), ref.removeprefix("refs/tags/"))
    return event != "push" or _any(wanted.get("branches", []), ref.removeprefix("refs/heads/"))


def _any(globs: list[str], name: str) -> bool:
    """Whether one of GitHub's patterns matches: `*` stops at a slash, `**` does not."""
    return any(re.fullmatch(_pattern(each), name) for each in globs)


def _pattern(glob: str) -> str:
    parts = (".*" if part == "**" else "[^/]*" for part in re.findall(r"\*\*|\*", glob))
    texts = map(re.escape, re.split(r"\*\*|\*", glob))
    return "".join(text + next(parts, "") for text in texts)


def _read(run_id: int, done: subprocess.CompletedProcess[str]) -> Run:
    """act tells one JSON document a line."""
    jobs: dict[str, str] = {}
    said: list[str] = []
    summary: list[str] = []
    for line in done.stdout.splitlines():
        try:
            told = json.loads(line)
        except ValueError:
            said.append(line)
            continue
        said.append(f"[{told.get('jobID', '')}] {told.get('msg', '').rstrip()}")
        if "jobResult" in told:
            jobs[told["jobID"]] = told["jobResult"]
        if told.get("command") == "summary":
            summary.append(told.get("content", ""))
    output = "\n".join([*said, done.stderr])
    return Run(id=run_id, code=done.returncode, jobs=jobs, output=output, summary="".join(summary))
