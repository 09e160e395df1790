"""A repository with generated CI on the loopback forge, for tests of that CI."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from mlci.adapters.files import FileTree
from mlci.app.sync import plan_sync, sync
from mlci.core.config import Ci, Config, Environment, LockAuthor
from tests.support.forge import TOKEN, Forge, Project, Pull
from tests.support.repository import Content, Repository, repository
from tests.support.runs import Runner

RECORDER = Path(__file__).parent / "recorder.sh"
CONFIG = Config(
    project="credit",
    environments={
        "staging": Environment(name="staging", follows="new", deploy="make deploy"),
        "prod": Environment(name="prod", needs="staging"),
    },
)
R = TypeVar("R", bound=Runner)


@dataclass(frozen=True, slots=True)
class Place:
    """A project as sync sees it."""

    config: Config
    prefix: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded(Generic[R]):
    """A tiny repository whose CI calls a recorder instead of mlci."""

    work: Repository
    runner: R
    record: Path

    @classmethod
    def made(
        cls,
        place: Path,
        forge: Forge,
        runner: type[R],
        *,
        providers: tuple[str, ...],
        prefix: str = "",
        lock: LockAuthor = LockAuthor.AUTHOR,
    ) -> "Recorded[R]":
        """Lay the repository down, with CI files for some providers, and push it."""
        project = forge.create("acme/credit")
        work = repository(place / "work")
        config = Config(
            project=CONFIG.project,
            environments=CONFIG.environments,
            ci=Ci(providers=providers, install="pip install --quiet nothing", lock=lock),
        )
        files = FileTree(work.path)
        sync(plan_sync([Place(config, prefix)], files, version="0.1.0"), files)
        inside = f"{prefix}/" if prefix else ""
        work.commit({f"{inside}a.txt": "one\n", ".gitignore": ".mlci/\n.venv/\n"})
        push(work, project, "HEAD:refs/heads/main")
        record = place / "record"
        made = runner(
            forge=forge,
            project=project,
            place=place / "runner",
            mlci=RECORDER,
            environment={"RECORD": str(record)},
            timeout=120.0,
        )
        return cls(work=work, runner=made, record=record)

    def change(
        self, branch: str, files: Mapping[str, Content], *, title: str = "A change", fork: str | None = None
    ) -> Pull:
        """Push a branch with a change, to the project or to a fork, and open a pull request."""
        project = self.runner.project
        source = self.runner.forge.create(fork) if fork else project
        self.work.git("checkout", "--quiet", "-B", branch, "main")
        self.work.commit(files)
        push(self.work, source, f"HEAD:refs/heads/{branch}")
        return project.open(branch, title, source=source)

    def calls(self) -> list[tuple[str, str, str]]:
        """How the recorder was called: with a token or none, at which commit, with what."""
        lines = self.record.read_text(encoding="utf-8").splitlines()
        return [(rights, commit, words) for rights, commit, words in (each.split("|", 2) for each in lines)]


def push(work: Repository, project: Project, *refspecs: str) -> None:
    """Push as the bot."""
    work.git("push", "--quiet", project.url.replace("http://", f"http://x:{TOKEN}@"), *refspecs)
