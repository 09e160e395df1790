"""Joins ports to adapters. The only reader of the environment.

Nothing is imported or made before it is asked for: a command pays only for what it uses.
"""

import functools
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar, cast

from msgspec import Struct, field

from mlci.core.secrets import is_long_enough, secrets_of, without_credentials
from mlci.errors import MlciError, RefusedError, UsageError, WorldError

if TYPE_CHECKING:
    from mlci.app.diff import DiffRequest
    from mlci.app.project import Project
    from mlci.app.registry.ledger import Ledger
    from mlci.app.stages.ground import Ground
    from mlci.core.context import RunContext
    from mlci.core.strictjson import JsonValue
    from mlci.gates import Hands
    from mlci.ports.clock import Clock
    from mlci.ports.dvc import Dvc
    from mlci.ports.files import Files
    from mlci.ports.forge import Forge
    from mlci.ports.git import Git
    from mlci.ports.process import Process
    from mlci.ports.progress import Progress
    from mlci.ports.summary import Summary
    from mlci.ports.tables import Tables
    from mlci.ports.templates import Templates
    from mlci.ports.user_python import UserPython

T = TypeVar("T")
_CI = frozenset({"CI", "GITHUB_ACTIONS", "GITLAB_CI"})


class Settings(Struct, kw_only=True):
    """What the options that every command shares ask for."""

    directory: Path = field(default_factory=Path)
    project: str | None = None
    json: bool = False
    quiet: bool = False
    color: bool = True

    @property
    def where(self) -> tuple[str, ...]:
        """The options that say where to work: a command that is to be typed next needs them, too."""
        there = () if self.directory == Path() else ("-C", str(self.directory))
        return there if self.project is None else (*there, "--project", self.project)


def _once(make: "Callable[[World], T]") -> "Callable[[World], T]":
    """Make a thing when it is first asked for, and give the same one ever after."""

    @functools.wraps(make)
    def get(world: "World") -> T:
        if make.__name__ not in world.made:
            world.made[make.__name__] = make(world)
        return cast("T", world.made[make.__name__])

    return get


def _later(make: Callable[[], T]) -> T:
    """What `make` gives, made and imported when it is first asked something."""
    from mlci.adapters.later import Later

    return cast("T", Later(make))


class World:
    """Everything outside the program, as ports, made when first asked for."""

    def __init__(self, settings: Settings, environment: Mapping[str, str] | None = None) -> None:
        self.settings = settings
        self.environment = dict(os.environ) if environment is None else dict(environment)
        self.made: dict[str, object] = {}

    @property
    def directory(self) -> Path:
        """Where the command was told to work (`-C`), absolute."""
        try:
            return Path.cwd() / self.settings.directory
        except FileNotFoundError:
            raise WorldError(
                "the directory you are in is gone", id="directory-missing", help="cd to one that exists"
            ) from None

    @property
    def secrets(self) -> tuple[str, ...]:
        """Values that must never be shown."""
        declared = (self.environment.get(name, "") for name in self._declared_secrets())
        return tuple(sorted({*secrets_of(self.environment), *filter(is_long_enough, declared)}))

    @property
    def _in_ci(self) -> bool:
        return any(self.environment.get(each) for each in _CI)

    def _declared_secrets(self) -> tuple[str, ...]:
        """The variables that mlci.yaml calls secrets; they are only there in CI."""
        if not self._in_ci:
            return ()
        try:
            return self.project().config.ci.secrets
        except MlciError:  # no project, or none that can be read: whoever needs it says so
            return ()

    @property
    def color(self) -> bool:
        """Whether styled text is wanted at all; whether a stream can show it is the stream's matter."""
        refused = bool(self.environment.get("NO_COLOR")) or self.environment.get("TERM") == "dumb"
        return self.settings.color and not refused

    @property
    @_once
    def clock(self) -> "Clock":
        """The time."""
        from mlci.adapters.clock import SystemClock

        return SystemClock()

    @property
    @_once
    def process(self) -> "Process":
        """Child processes."""

        def make() -> "Process":
            from mlci.adapters.process import ProcessRunner

            return ProcessRunner(self.environment, secrets=self.secrets)

        return _later(make)

    @property
    @_once
    def progress(self) -> "Progress":
        """What is told to the person who waits."""
        from mlci.adapters.progress import SilentProgress, StreamProgress, TerminalProgress

        if self.settings.quiet:
            return SilentProgress()
        if sys.stderr.isatty() and self.environment.get("TERM") != "dumb":
            return TerminalProgress(stream=sys.stderr, clock=self.clock)
        return StreamProgress(stream=sys.stderr, clock=self.clock)

    @_once
    def repository(self) -> "Git":
        """The repository around the directory. Raises WorldError when there is none."""
        return self.repository_at(self.directory)

    def repository_at(self, directory: Path) -> "Git":
        """The repository around any directory. Raises WorldError when there is none."""
        from mlci.adapters.git import GitCli

        if not self._in_ci:
            return GitCli(self.process, directory, self.environment)
        from mlci import ci
        from mlci.ports.git import Person

        # In CI, Git knows nobody who could make a tag.
        return GitCli(
            self.process,
            directory,
            self.environment,
            identity=Person(name="mlci", email="mlci@localhost"),
            for_remotes=ci.git_settings(self.environment),
        )

    @_once
    def ledger(self) -> "Ledger":
        """The registry behind the repository's remote."""
        from mlci.app.registry.ledger import ledger_of

        config = self.project().config
        return ledger_of(self.repository(), self.clock, branch=config.ci.branch, project=config.project)

    @_once
    def project(self) -> "Project":
        """The project that `--project` names, else the one around the directory."""
        from mlci.adapters.files import FileTree
        from mlci.adapters.tree_memory import TreeMemory, tree_memory
        from mlci.app.project import load_project, repository_root
        from mlci.core.yaml.tree import remember_in

        # CI believes nothing that an earlier run left.
        remember_in(TreeMemory(None) if self._in_ci else tree_memory(repository_root(self.directory)))
        return load_project(self.directory, self.settings.project, FileTree)

    @_once
    def files(self) -> "Files":
        """The project's files."""
        from mlci.adapters.files import FileTree

        return FileTree(self.project().directory, also=lambda: (self.dvc().cache_dir(),))

    def evidence(self, artifact: Path | None = None) -> "Files":
        """Where a run left its evidence: in another job's artifact, else in the project itself.

        Raises RefusedError for an artifact that holds none.
        """
        if artifact is None:
            return self.files()
        from mlci.adapters.files import FileTree
        from mlci.app.bundle import EVIDENCE

        # Some providers hand over `.mlci/` itself, some what holds it.
        directory = self.directory / artifact
        left = FileTree(directory.parent if directory.name == ".mlci" else directory)
        if not left.exists(EVIDENCE):
            raise RefusedError(
                f"there is no evidence in {artifact}: it holds no {EVIDENCE}",
                id="evidence-missing",
                where="--from-artifact",
                help="mlci run leaves it there: name the directory that its job's artifact was downloaded to",
            )
        return left

    def files_at(self, directory: Path) -> "Files":
        """The files below any directory, standing or not."""
        from mlci.adapters.files import FileTree

        return FileTree(directory)

    @_once
    def templates(self) -> "Templates":
        """What `mlci init` can lay down."""
        from mlci.adapters.templates import TemplateFolders

        return TemplateFolders()

    @_once
    def tables(self) -> "Tables":
        """The project's tables; DVC's cache may be linked into the work tree."""

        def make() -> "Tables":
            from mlci.adapters.tables import PolarsTables

            return PolarsTables(root=self.project().directory, also=lambda: (self.dvc().cache_dir(),))

        return _later(make)

    @_once
    def dvc(self) -> "Dvc":
        """DVC in the project."""

        def make() -> "Dvc":
            from mlci.adapters.dvc import DvcCli

            return DvcCli(
                self.process,
                self.project().directory,
                self.user_python().environment,
                root=self.dvc_root(),
                settings=self.environment,
            )

        return _later(make)

    @_once
    def dvc_root(self) -> Path:
        """The directory that DVC works in, which may be the project's or one around it."""
        from mlci.adapters.dvc_config import dvc_root

        return dvc_root(self.project().directory, self.project().root)

    @_once
    def ground(self) -> "Ground":
        """Where a plan of stages is made."""
        from mlci.adapters.files import FileTree
        from mlci.adapters.worktree import LinkedTree
        from mlci.app.stages.ground import Ground

        root = self.dvc_root()
        prefix = self.project().directory.relative_to(root).as_posix()
        return Ground(
            root=FileTree(root),
            project=self.files(),
            tree=LinkedTree(root, caches=lambda: (self.dvc().cache_dir(),)),
            dvc=self.dvc(),
            clock=self.clock,
            progress=self.progress,
            prefix="" if prefix == "." else prefix,
        )

    def dvc_at(self, directory: Path) -> "Dvc":
        """DVC in another checkout of this project, on the cache of this one."""
        from mlci.adapters.dvc import DvcCli

        there = DvcCli(self.process, directory, self.user_python().environment)
        there.use_cache(self.dvc().cache_dir())
        return there

    @_once
    def user_python(self) -> "UserPython":
        """The user's environment."""
        from mlci.adapters.user_python import UserEnvironment

        project = self.project()
        return UserEnvironment(
            self.process, project.directory, self.environment, python=project.config.python
        )

    @_once
    def hands(self) -> "Hands":
        """What a gate may use of the world."""
        from mlci.gates import Hands

        return Hands(
            files=self.files(),
            tables=self.tables(),
            process=self.process,
            user_python=self.user_python,
            clock=self.clock,
            progress=self.progress,
        )

    def comparison(self, base: str | None = None, head: str | None = None) -> "DiffRequest":
        """The project at two revisions; those that are not named follow from the occasion.

        A head that is named is judged by its own `mlci.yaml`, not by what happens to be checked out.
        """
        git = self.repository()
        git.prepare()
        from mlci.app.commit import settled
        from mlci.app.diff import DiffRequest

        git.open()
        project = self.project()
        config, note = project.config, ""
        if head is not None:
            from mlci.app.comparison.revisions import resolve
            from mlci.app.project import configuration_at

            config, note = configuration_at(git, project, resolve(git, head, project.prefix), head)
        return DiffRequest(
            config=config,
            prefix=project.prefix,
            # What is compared with a base that is named does not follow from the occasion.
            context=self.context() if base else settled(self.context(), git, config),
            notes=(note,) if note else (),
            git=git,
            files=self.files(),
            tables=self.tables(),
            dvc=self.dvc(),
            user_python=self.user_python,
            dvc_at=self.dvc_at,
            ground=None if self._in_ci else self.ground,
            base=base,
            head=head,
        )

    @property
    @_once
    def summary(self) -> "Summary":
        """The page beside this job's log, where the CI provider has one."""
        from mlci.adapters.summary import JobSummary, NoSummary

        path = self.environment.get("GITHUB_STEP_SUMMARY")
        return JobSummary(Path(path)) if path else NoSummary()

    @_once
    def forge(self) -> "Forge":
        """Where the CI provider discusses pull requests; git notes on any other server."""
        from mlci.core.config import CommentBy

        makers = {"github": self._github, "gitlab": self._gitlab}
        native = makers.get(self.context().provider or "", self._notes)()
        if self.project().config.report.comment is not CommentBy.CML:
            return native
        from mlci.forges.cml import Cml

        return Cml(
            native=native,
            process=self.process,
            directory=self.project().directory,
            credentials={"REPO_TOKEN": self._token("GITHUB_TOKEN", "MLCI_GITLAB_TOKEN")},
        )

    @_once
    def context(self) -> "RunContext":
        """Why this command runs: what the CI provider says that is here, else: at somebody's desk."""
        from mlci.core.context import RunContext

        if not self._in_ci:
            return RunContext()
        from mlci import ci

        return ci.context_of(self.environment, _event(self.environment.get("GITHUB_EVENT_PATH")))

    def after_push(self) -> str:
        """What is left to do once this step has pushed. Raises UsageError where CI gave it no token."""
        provider = self.context().provider
        if provider is None:
            return ""
        from mlci import ci

        here = ci.load(provider)
        self._token(*here.PUSH_TOKENS)
        return here.after_push(self.environment)

    def _github(self) -> "Forge":
        from mlci.forges.github import GitHub

        return GitHub(
            repository=self._told_by_ci("GITHUB_REPOSITORY"),
            token=self._token("GITHUB_TOKEN"),
            api_url=self.environment.get("GITHUB_API_URL", "https://api.github.com"),
            clock=self.clock,
            author=self.environment.get("MLCI_GITHUB_LOGIN"),
        )

    def _gitlab(self) -> "Forge":
        from mlci.forges.gitlab import GitLab

        return GitLab(
            project=self._told_by_ci("CI_PROJECT_ID"),
            page=self._told_by_ci("CI_PROJECT_URL"),
            token=self._token("MLCI_GITLAB_TOKEN"),
            url=self._told_by_ci("CI_SERVER_URL"),
            clock=self.clock,
        )

    def _notes(self) -> "Forge":
        from mlci.forges.notes import Notes

        return Notes(git=self.repository(), remote="origin", clock=self.clock)

    def _told_by_ci(self, name: str) -> str:
        if value := self.environment.get(name):
            return value
        raise UsageError(f"CI does not say {name}", id="ci-variable-missing", help="run this in a CI job")

    def _token(self, *names: str) -> str:
        for name in names:
            if value := self.environment.get(name):
                return value
        raise UsageError(
            f"this step has no {' or '.join(names)}", id="forge-token-missing", help="mlci sync --check"
        )


def _event(path: str | None) -> "JsonValue":
    from mlci.core.strictjson import NotJson, loads

    if path is None:
        return None
    try:
        return loads(Path(path).read_bytes())
    except (OSError, NotJson) as error:
        raise WorldError(
            f"the event that CI describes cannot be read: {error}", id="event-unreadable", where=path
        ) from error


def confidential(text: str) -> str:
    """The text as a stranger may read it: no secret of the environment, no credentials, no home directory."""
    from mlci.adapters.masking import Mask

    masked = Mask(secrets_of(os.environ)).text(without_credentials(text))
    return masked.replace(str(Path.home()), "~")
