"""Runs generated GitLab pipelines with `gitlab-ci-local`, without Docker and without a network."""

import re
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from tests.support import node
from tests.support.forge import TOKEN, Pull, events
from tests.support.runs import FAILURE, STAND_INS, SUCCESS, Run, Runner

_CACHE = Path(__file__).parents[2] / ".venv" / "npm"
_ids = count(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class GitLab(Runner):
    """Plays GitLab CI: an event starts the pipeline of a commit."""

    def merge_request(self, pull: Pull) -> Run:
        """A merge request was opened or pushed to. A fork's runs in the fork, without our variables."""
        self.project.show(pull)
        variables = events.merge_request_variables(pull)
        own = pull.source is self.project
        return self._run(pull.head, {**variables, **(self._tokens() if own else {})})

    def push(self, branch: str) -> Run:
        """A branch was pushed, or a merge request merged into it."""
        variables = {"CI_PIPELINE_SOURCE": "push", "CI_COMMIT_BRANCH": branch}
        return self._run(self.project.sha(branch), {**variables, **self._tokens()}, branch=branch)

    def tag(self, tag: str) -> Run:
        """A tag was pushed."""
        variables = {"CI_PIPELINE_SOURCE": "push", "CI_COMMIT_TAG": tag}
        return self._run(self.project.sha(f"refs/tags/{tag}"), {**variables, **self._tokens()})

    def _tokens(self) -> Mapping[str, str]:
        return {"MLCI_GITLAB_TOKEN": TOKEN, **self.secrets}

    def _run(self, commit: str, told: Mapping[str, str], branch: str | None = None) -> Run:
        run_id = next(_ids)
        clone = self.checkout(commit, f"pipeline-{run_id}")
        self.project.git("-C", str(clone), "remote", "set-url", "origin", self.project.url)
        if branch:
            self.project.git("-C", str(clone), "checkout", "--quiet", "-B", branch)
        done = subprocess.run(
            [node.installed(node.GITLAB_CI_LOCAL, _CACHE) / "gitlab-ci-local", *_FLAGS, *self._options(told)],
            cwd=clone,
            env=self.variables(),
            capture_output=True,
            text=True,
            timeout=self.timeout,
            check=False,
        )
        output = done.stdout + done.stderr
        return Run(id=run_id, code=done.returncode, jobs=dict(_jobs(output)), output=output)

    def variables(self) -> dict[str, str]:
        """Likewise; the stand-ins are there from the start, as programs of the job's image are."""
        known = Runner.variables(self)
        return {**known, "PATH": f"{STAND_INS / 'bin'}:{node.BIN}:{known['PATH']}"}

    def _options(self, told: Mapping[str, str]) -> Iterator[str]:
        server = {
            # The local runner says that it is none.
            "GITLAB_CI": "true",
            "CI_SERVER_URL": self.forge.url,
            "CI_API_V4_URL": self.forge.gitlab_api,
            "CI_PROJECT_ID": str(self.project.id),
            "CI_PROJECT_PATH": self.project.name,
            "CI_PROJECT_URL": self.project.url.removesuffix(".git"),
            "CI_DEFAULT_BRANCH": self.project.default_branch,
            "GITLAB_USER_LOGIN": "ana",
        }
        for name, value in {**server, **told}.items():
            yield from ("--variable", f"{name}={value}")
        yield f"--ignore-predefined-vars={','.join([*server, *told])}"


_FLAGS = (
    "--force-shell-executor",
    "--shell-isolation",
    "--no-artifacts-to-source",
    "--no-evaluate-rule-changes",
    "--color=false",
)
_ENDED = re.compile(r"^\s*(PASS|FAIL|WARN)\s+(\S+)", re.MULTILINE)
_PREFIX = re.compile(r"^mlci-.*?-(?:pull-request|main|tag)-")


def _jobs(output: str) -> Iterator[tuple[str, str]]:
    """The closing lines, one a job: its id within the workflow, and how it ended."""
    for word, name in _ENDED.findall(output):
        yield _PREFIX.sub("", name), SUCCESS if word == "PASS" else FAILURE
