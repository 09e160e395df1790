"""A project with one model behind a real bare repository, and the ledger that writes to it."""

import hashlib
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

from mlci.adapters.files import FileTree
from mlci.adapters.git import GitCli
from mlci.adapters.process import ProcessRunner
from mlci.app.bundle import DIFF, evidence_path, write_diff, write_evidence
from mlci.app.reconcile import Reconciled, reconcile
from mlci.app.register import Choices, Registered, register
from mlci.app.registry.ledger import Ledger
from mlci.core.config import Config, Environment, Model, Task
from mlci.core.context import RunContext
from mlci.core.diff import Diff
from mlci.core.evidence import Evidence, from_json
from mlci.core.registry.fold import Registry, fold
from tests.support.fakes import FakeDvc
from tests.support.repository import Repository

NOW = datetime(2026, 3, 1, tzinfo=UTC)
CONFIG = Config(
    project="credit",
    models={"income": Model(name="income", path="models/income.skops", task=Task.BINARY)},
    environments={
        "staging": Environment(name="staging", follows="new"),
        "prod": Environment(name="prod", needs="staging"),
    },
)
CONTEXT = RunContext(actor="ana", run_url="https://ci.example/runs/1")


class StillClock:
    """A clock that stands still, and does not wait."""

    def __init__(self, now: datetime = NOW) -> None:
        self.present = now

    def now(self) -> datetime:
        """The moment it stands at."""
        return self.present

    def monotonic(self) -> float:
        """Nothing ever passes."""
        return 0.0

    def sleep(self, seconds: float) -> None:
        """Time that passes at once."""
        self.present += timedelta(seconds=seconds)


def lock_of(content: bytes, *, path: str = "models/income.skops") -> str:
    """A `dvc.lock` of one stage that made these bytes."""
    digest = hashlib.md5(content, usedforsecurity=False).hexdigest()
    return (
        "schema: '2.0'\nstages:\n  train:\n    cmd: train\n    deps:\n"
        "    - path: data.csv\n      hash: md5\n      md5: 0123456789abcdef0123456789abcdef\n"
        "    params:\n      params.yaml:\n        depth: 3\n"
        f"    outs:\n    - path: {path}\n      hash: md5\n      md5: {digest}\n      size: {len(content)}\n"
    )


def leave_judgement(files: FileTree, commit: str) -> None:
    """What every run leaves, whatever the gates: pipeline and diff, both with nothing to say."""
    here = files.read_if_there(DIFF)
    for gate in ("pipeline", "diff"):
        if not files.exists(evidence_path(gate)) or _speaks_of_another(files, gate, commit):
            write_evidence(files, Evidence(gate=gate, commit=commit, findings=()))
    if here is None:
        write_diff(files, Diff(base=None, head=None))


def _speaks_of_another(files: FileTree, gate: str, commit: str) -> bool:
    return from_json(files.read(evidence_path(gate))).commit != commit


class Desk:
    """One clone of the project, and what a job does in it."""

    def __init__(
        self,
        story: Repository,
        *,
        config: Config = CONFIG,
        prefix: str = "",
        clock: StillClock | None = None,
    ) -> None:
        self.prefix = prefix
        self.directory = story.path / prefix
        self.story = story
        self.config = config
        self.clock = clock or StillClock()
        self.git = GitCli(ProcessRunner(os.environ), story.path, os.environ)

    @property
    def ledger(self) -> Ledger:
        """The registry behind `origin`."""
        return Ledger(
            git=self.git, clock=self.clock, remote="origin", branch="main", project=self.config.project
        )

    @property
    def registry(self) -> Registry:
        """What the remote holds now."""
        return self.ledger.read().registry

    @property
    def tags(self) -> list[str]:
        """The tags of the remote."""
        return sorted(
            each.removeprefix("refs/tags/") for each in self.git.remote_refs("origin", "refs/tags/*")
        )

    def merge(self, model: bytes | None = None, **environments: str) -> "Desk":
        """Bring a model, or lines of environment files, to main."""
        top = f"{self.prefix}/" if self.prefix else ""
        files = {f"{top}environments/{name}.yaml": text for name, text in environments.items()}
        if model is not None:
            files[f"{top}dvc.lock"] = lock_of(model)
            self.write(model)
        self.story.commit({"note.txt": f"{self.story.head}\n", **files}).git(
            "push", "--quiet", "origin", "main"
        )
        return self

    def write(self, model: bytes) -> None:
        """The model's bytes in the work tree, as DVC would put them there."""
        path = self.directory / self.config.models["income"].path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(model)

    def register(self, dvc: FakeDvc | None = None, *, judged: bool = True, **choices: object) -> Registered:
        """`mlci register` in this clone, where `mlci run` has (`judged`) looked at HEAD before."""
        files = FileTree(self.directory)
        if judged:
            leave_judgement(files, self.story.head)
        chosen = Choices(**choices)  # type: ignore[arg-type]
        return register(
            self.ledger, self.config, self.prefix, files, files, dvc or FakeDvc(), CONTEXT, chosen
        )

    def reconcile(self, *, write: bool = True, prune: bool = False) -> Reconciled:
        """`mlci reconcile` in this clone."""
        return reconcile(self.ledger, self.config, self.prefix, CONTEXT, prune=prune, write=write)

    def running(self, environment: str) -> str | None:
        """What an environment was given last."""
        current = self.registry.model("income").current(environment)
        return current.release.title if current else None

    def clone(self, path: Path) -> "Desk":
        """Another clone of the same remote."""
        self.story.bare().clone(path)
        return Desk(Repository(path), config=self.config, clock=StillClock())


def begun(story: Repository, **options: object) -> Desk:
    """A project with its first commit pushed."""
    story.commit({".gitignore": "/models\n/.mlci\n", "mlci.yaml": "version: 1\n"}).remote()
    return Desk(story, **options)  # type: ignore[arg-type]


def local(desk: Desk) -> Registry:
    """What the clone's own tags say."""
    return fold(desk.git.tags())
