"""What a run of generated CI left behind, whichever runner ran it, and where it ran."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.forge import Forge, Project
from tests.support.tools import BIN

STAND_INS = Path(__file__).parent / "stand_ins"
SUCCESS = "success"
FAILURE = "failure"


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """How a workflow or pipeline ended. `jobs` holds the jobs that ran, by id: success or failure."""

    id: int
    code: int
    jobs: Mapping[str, str]
    output: str
    summary: str = ""

    @property
    def green(self) -> bool:
        """Whether every job that ran succeeded."""
        return self.code == 0 and set(self.jobs.values()) == {SUCCESS}


@dataclass(frozen=True, slots=True, kw_only=True)
class Runner:
    """Where runs take place: a project of the forge, a folder for their traces, and what they may use.

    `mlci` is the program that jobs install; `secrets` are what the forge holds for the project.
    """

    forge: Forge
    project: Project
    place: Path
    mlci: Path = BIN / "mlci"
    secrets: Mapping[str, str] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    timeout: float = 600.0

    def variables(self) -> dict[str, str]:
        """The environment that a job's machine has, with nothing of ours but the stand-ins."""
        home = self.place / "home"
        home.mkdir(parents=True, exist_ok=True)
        return {
            "PATH": os.pathsep.join(("/usr/local/bin", "/usr/bin", "/bin")),
            "HOME": str(home),
            "LANG": "C.UTF-8",
            "GIT_PAGER": "cat",
            "GIT_CONFIG_NOSYSTEM": "1",
            "STAND_INS": str(STAND_INS),
            "STAND_IN_ARTIFACTS": str(self.place / "artifacts"),
            "STAND_IN_MLCI": str(self.mlci),
            "STAND_IN_PYTHON": str(BIN / "python"),
            **self.environment,
        }

    def checkout(self, commit: str, name: str) -> Path:
        """A fresh clone of the project at a commit."""
        place = self.place / name
        self.project.git("clone", "--quiet", "--no-checkout", "--no-local", ".", str(place))
        self.project.git("-C", str(place), "fetch", "--quiet", "origin", commit)
        self.project.git("-C", str(place), "checkout", "--quiet", "--detach", commit)
        return place
