"""One repository and its `git`: where it is, what it is configured to, and how it is run without harm."""

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path

from mlci.adapters import git_config, git_parse
from mlci.adapters.git_objects import Objects
from mlci.errors import WorldError
from mlci.ports.git import CommitRecord, Person
from mlci.ports.process import Command, Dialogue, Finished, Process

BULK = 1 << 30
CODEC = ("utf-8", "surrogateescape")
_LOCAL_LIMIT = 120.0
_REMOTE_LIMIT = 600.0
_PLACE = ("rev-parse", "--is-bare-repository", "--is-inside-work-tree", "--show-toplevel")
_SETTINGS = ("config", "--list", "--show-scope", "-z")


class GitChild:
    """The repository around a directory. Made without touching it; the first use looks.

    `environment` is what `process` was given: settings that it hands to Git by variables are kept.
    `identity` signs what is written where Git itself knows nobody; `for_remotes` are settings that
    Git gets only when it talks to a remote, such as CI's token.
    """

    def __init__(
        self,
        process: Process,
        directory: Path,
        environment: Mapping[str, str],
        *,
        identity: Person | None = None,
        for_remotes: Sequence[tuple[str, str]] = (),
    ) -> None:
        self._process = process
        self._directory = directory
        self._inherited = environment
        self._known_identity = identity
        self._for_remotes = tuple(for_remotes)
        self._commits: dict[str, CommitRecord] = {}
        self._begun: dict[tuple[str, ...], Callable[[], Finished]] = {}

    def prepare(self) -> None:
        """Begin with what every question needs, for who is about to ask and has other things to do before."""
        for question in (_PLACE, _SETTINGS):
            self._begun[question] = self._process.begin(self._question(question))

    def open(self) -> None:
        """Begin to read objects, likewise. Raises WorldError where there is no repository."""
        self._objects.begin()

    @cached_property
    def root(self) -> Path:
        """The top of the work tree. Raises WorldError where there is none."""
        found = self._first(_PLACE)
        bare, _, rest = git_parse.text(found.stdout).partition("\n")
        inside, _, top = rest.partition("\n")
        if not found.ok or inside != "true":
            raise _no_work_tree(self._directory, found, bare=bare == "true")
        root = Path(top.removesuffix("\n"))
        if not (root / ".git").exists():  # Git would be run there, and look for its repository in vain
            raise WorldError(
                f"the repository's configuration puts its work tree elsewhere: {root}",
                id="git-config-refused",
                where="core.worktree",
                help="remove it with `git config --unset core.worktree`",
            )
        return root

    def _setting(self, key: str) -> str | None:
        values = [each.value for each in self._settings if each.key == key]
        return values[-1].lower() if values else None

    @cached_property
    def _settings(self) -> tuple[git_config.Setting, ...]:
        listing = self._first(_SETTINGS)
        if not listing.ok:
            raise _failed("config", listing)
        return git_config.parse_settings(listing.stdout)

    def _first(self, question: tuple[str, ...]) -> Finished:
        """The answer to a question that comes before the repository's settings are known."""
        begun = self._begun.pop(question, None)
        return begun() if begun else self._process.run(self._question(question))

    def _question(self, question: tuple[str, ...]) -> Command:
        return Command(
            argv=("git", *question),
            cwd=self._directory,
            environment=self._hardening(git_config.ALWAYS),
            timeout=_LOCAL_LIMIT,
            keep=BULK // 16,
        )

    @cached_property
    def _objects(self) -> Objects:
        return Objects(lambda: self._beside("cat-file", "--batch-command", "--buffer", "-z"), limit=BULK)

    @cached_property
    def _overrides(self) -> tuple[tuple[str, str], ...]:
        return git_config.overrides(self._settings)

    def _hardening(self, overrides: Sequence[tuple[str, str]]) -> dict[str, str]:
        return git_config.variables(overrides, self._inherited)

    def _say(self, *arguments: str) -> str:
        return git_parse.text(self._git(*arguments, fine=(0,)).stdout)

    def _talk(self, *arguments: str) -> Finished:
        variables = self._hardening((*self._overrides, *self._for_remotes))
        return self._git(*arguments, timeout=_REMOTE_LIMIT, variables=variables)

    def _git(
        self,
        *arguments: str,
        stdin: bytes = b"",
        fine: Sequence[int] = (),
        keep: int = BULK // 16,
        timeout: float = _LOCAL_LIMIT,
        variables: Mapping[str, str] | None = None,
    ) -> Finished:
        hardened = {**self._hardening(self._overrides), **(variables or {})}
        return self._run(*arguments, stdin=stdin, fine=fine, keep=keep, timeout=timeout, variables=hardened)

    def _begin(self, *arguments: str, fine: Sequence[int]) -> Callable[[], Finished]:
        """A git that ends soon while we go on; what is given back waits for it and raises as `_run` does."""
        answer = self._process.begin(self._hardened(arguments))
        return lambda: _fine(answer(), arguments[0], fine)

    def _beside(self, *arguments: str) -> Dialogue:
        """A git that works while we do."""
        return self._process.converse(self._hardened(arguments))

    def _hardened(self, arguments: Sequence[str]) -> Command:
        return Command(
            argv=("git", *arguments),
            cwd=self.root,
            environment=self._hardening(self._overrides),
            timeout=_LOCAL_LIMIT,
        )

    def _run(
        self,
        *arguments: str,
        variables: Mapping[str, str],
        stdin: bytes = b"",
        fine: Sequence[int] = (),
        keep: int = BULK // 16,
        timeout: float = _LOCAL_LIMIT,
    ) -> Finished:
        """Run git. Raises WorldError when it ends other than with a `fine` code; none given: any is."""
        command = Command(
            argv=("git", *arguments),
            cwd=self.root,
            environment=variables,
            stdin=stdin,
            timeout=timeout,
            keep=keep,
        )
        done = self._process.run(command)
        return _fine(done, arguments[0], fine) if fine else done


def _fine(done: Finished, verb: str, codes: Sequence[int]) -> Finished:
    if done.timed_out or done.code not in codes:
        raise _failed(verb, done)
    return done


def _no_work_tree(directory: Path, found: Finished, *, bare: bool) -> WorldError:
    if (bare or b"bare repository" in found.stderr) and ".git" not in directory.parts:
        return WorldError(
            f"{directory} is a bare repository: it has no files to work on",
            id="repository-bare",
            help="clone it, and run mlci in the clone",
        )
    outside = (b"not a git repository", b"must be run in a work tree", b"bare repository")
    if found.ok or any(each in found.stderr for each in outside):
        return WorldError(
            f"{directory} is not in a Git work tree",
            id="not-a-repository",
            help="go to your repository, name it with -C DIR, or begin one with `git init`",
        )
    return _failed("rev-parse", found)


def _failed(verb: str, done: Finished) -> WorldError:
    why = "took too long" if done.timed_out else (done.last_lines(5) or f"ended with {done.code}")
    disk_full = "No space left" in why
    return WorldError(
        f"git {verb}: {why}",
        id="disk-full" if disk_full else "git-failed",
        help="free some space, then run the same command again" if disk_full else "mlci doctor",
    )
