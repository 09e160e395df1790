"""Stand-ins for the slow or foreign parts, as small as the use cases need them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from mlci.core.report.comment import marked
from mlci.ports.dvc import Missing, Unreadable
from mlci.ports.forge import CommentResult, Posted, PullRequest
from mlci.ports.process import Finished


@dataclass
class FakeClock:
    """Time that passes only when somebody sleeps."""

    seconds: float = 0.0

    def now(self) -> datetime:
        return datetime(2026, 1, 1, tzinfo=UTC)

    def monotonic(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds


@dataclass
class FakeProgress:
    """Remembers what was told."""

    lines: list[str] = field(default_factory=list)

    def step(self, title: str) -> None:
        self.lines.append(title)

    def line(self, text: str) -> None:
        self.lines.append(text)

    def note(self, text: str) -> None:
        self.lines.append(text)

    def done(self, summary: str = "") -> None:
        self.lines.append(summary)


@dataclass
class FakeDvc:
    """A pipeline that prints `says`, ends with `code` and does `effect` to the work tree."""

    says: Sequence[str] = ()
    code: int = 0
    remote: str | None = "storage"
    missing: Sequence[str] = ()
    silent: str = ""
    near: bool = False
    stored: Mapping[str, str] = field(default_factory=dict)
    has_cached: bool = False
    complains: str = "ERROR: failed to reproduce 'train'"
    effect: Callable[[], object] = lambda: None
    asked: list[dict[str, object]] = field(default_factory=list)

    def checkout(self) -> Finished:
        return finished()

    def repro(
        self,
        targets: Sequence[str] = (),
        *,
        pull: bool,
        remote: str | None = None,
        run_cache: bool = True,
        force: bool = False,
        timeout: float | None = None,
        on_line: Callable[[str], None] | None = None,
    ) -> Finished:
        self.asked.append({"targets": targets, "pull": pull, "remote": remote, "run_cache": run_cache})
        for line in self.says:
            if on_line is not None:
                on_line(line)
        self.effect()
        return finished(self.code, stderr=self.complains)

    def not_in_remote(self, *, remote: str | None = None) -> Sequence[Missing]:
        return [Missing(path=each) for each in self.missing]

    def unreadable(self, remote: str) -> Unreadable | None:
        return Unreadable(why=self.silent) if self.silent else None

    def resolve(self, paths: Sequence[str]) -> Sequence[bytes]:
        raise AssertionError("there was no template")

    def manifests(self, names: Sequence[str], *, remote: str | None = None) -> Mapping[str, bytes]:
        return {}

    def absent(self, names: Sequence[str], *, remote: str | None = None) -> Sequence[str]:
        return [*names] if self.missing else []

    def hashed(self, names: Sequence[str], *, remote: str | None = None) -> Mapping[str, str]:
        return {name: self.stored.get(name, name.removesuffix(".dir")) for name in names}

    def cached(self, name: str) -> bool:
        return self.has_cached

    def default_remote(self) -> str | None:
        return self.remote

    def is_near(self, remote: str) -> bool:
        return self.near

    def remotes(self) -> Sequence[str]:
        return [self.remote] if self.remote else []

    def pull(self, targets: Sequence[str] = (), *, remote: str | None = None) -> Finished:
        return finished(self.code)

    def push(
        self, targets: Sequence[str] = (), *, remote: str | None = None, run_cache: bool = False
    ) -> Finished:
        return finished(self.code, stderr=self.complains)

    def get(self, path: str, revision: str, destination: Path, *, remote: str | None = None) -> Finished:
        return finished(self.code)

    def cache_dir(self) -> Path:
        return Path(".dvc/cache")


def finished(code: int = 0, stdout: str = "", stderr: str = "") -> Finished:
    """How some child ended."""
    return Finished(argv=("child",), code=code, stdout=stdout.encode(), stderr=stderr.encode(), seconds=0.1)


@dataclass
class FakeForge:
    """A forge with one pull request and its comments by key."""

    pull_request: PullRequest | None
    id: str = "github"
    comment_limit: int = 60_000
    bodies: dict[str, str] = field(default_factory=dict)

    def pull_request_of(self, commit: str, *, branch: str | None = None) -> PullRequest | None:
        found = self.pull_request
        return found if found is not None and found.head == commit else None

    def upsert_comment(self, number: int, key: str, body: str, *, head: str) -> CommentResult:
        before = self.bodies.get(key)
        self.bodies[key] = marked(body, key)
        posted = Posted.CREATED if before is None else Posted.UPDATED
        return CommentResult(posted=posted, url=f"https://forge.example/pull/{number}")

    def open_pull_request(self, *, branch: str, base: str, title: str, body: str) -> PullRequest:
        raise AssertionError("no pull request was expected")
