"""Real repositories, told as a story: all is stated, dates too, so names are the same each time.

story = repository(tmp_path / "work").commit({"a.txt": "x"}).tag("m@v0.1.0").remote()
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

DAWN = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Link:
    """In place of a file's content: a symbolic link to a target."""

    target: str


Content = str | bytes | Link | None


class Repository:
    """A work tree and its story. Each event is an hour after the one before, unless `when` says otherwise."""

    def __init__(self, path: Path, *, now: datetime = DAWN) -> None:
        self.path = path
        self._now = now

    @property
    def head(self) -> str:
        """The checked-out commit."""
        return self.sha("HEAD")

    def sha(self, revision: str) -> str:
        """The commit that a revision names."""
        return self.git("rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}")

    def git(self, *arguments: str, when: datetime | None = None, stdin: bytes = b"") -> str:
        """Run git here and return what it says, without the last newline."""
        date = (when or self._now).isoformat()
        dates = {"GIT_AUTHOR_DATE": date, "GIT_COMMITTER_DATE": date}
        return _run(["git", *arguments], self.path, dates, stdin)

    def dvc(self, *arguments: str) -> str:
        """Run DVC here and return what it says."""
        return _run([sys.executable, "-m", "dvc", *arguments], self.path, {})

    def write(self, files: Mapping[str, Content]) -> "Repository":
        """Change the work tree only; None removes a file."""
        for name, content in files.items():
            target = self.path / name
            if target.is_symlink() or target.is_file():
                target.unlink()
            if content is not None:
                target.parent.mkdir(parents=True, exist_ok=True)
                _put(target, content)
        return self

    def commit(
        self, files: Mapping[str, Content] | None = None, *, message: str = "", when: datetime | None = None
    ) -> "Repository":
        """Change files and commit everything there is (also nothing)."""
        self.write(files or {})
        self.git("add", "--all")
        text = message or f"Change {', '.join(sorted(files)) if files else 'nothing'}"
        self.git("commit", "--quiet", "--allow-empty", "--message", text, when=self._moment(when))
        return self

    def branch(self, name: str, at: str = "HEAD") -> "Repository":
        """Make a branch and go to it."""
        self.git("switch", "--quiet", "--create", name, at)
        return self

    def switch(self, revision: str) -> "Repository":
        """Go to a branch, or, detached, to any other revision."""
        self.git("checkout", "--quiet", revision)
        return self

    def merge(self, *branches: str, message: str = "", when: datetime | None = None) -> "Repository":
        """Merge branches with a merge commit."""
        text = message or f"Merge {', '.join(branches)}"
        self.git("merge", "--quiet", "--no-ff", "--message", text, *branches, when=self._moment(when))
        return self

    def tag(
        self,
        name: str,
        message: str = "",
        *,
        at: str = "HEAD",
        when: datetime | None = None,
        lightweight: bool = False,
    ) -> "Repository":
        """Tag a commit, with an annotation unless told otherwise."""
        kind = [] if lightweight else ["--annotate", "--cleanup=verbatim", "--message", message or name]
        self.git("tag", *kind, name, at, when=self._moment(when))
        return self

    def remote(self, name: str = "origin", path: Path | None = None) -> "Repository":
        """Make a bare repository beside this one, name it as a remote and push everything there."""
        place = path or self.path.with_name(f"{self.path.name}-{name}.git")
        if not place.exists():
            _run(["git", "init", "--quiet", "--bare", "--initial-branch=main", str(place)], self.path, {})
        self.git("remote", "add", name, str(place))
        return self.publish(name)

    def publish(self, name: str = "origin") -> "Repository":
        """Push all branches and tags."""
        if self.git("for-each-ref", "--count=1"):
            self.git("push", "--quiet", name, "refs/heads/*:refs/heads/*", "refs/tags/*:refs/tags/*")
            self.git("fetch", "--quiet", name)
        return self

    def clone(self, path: Path, *, depth: int | None = None, bare: bool = False) -> "Repository":
        """Clone this repository, shallow when a depth is given."""
        options = [f"--depth={depth}"] if depth else []
        options += ["--bare"] if bare else []
        _run(["git", "clone", "--quiet", *options, self.path.as_uri(), str(path)], self.path, {})
        return Repository(path, now=self._now)

    def bare(self, name: str = "origin") -> "Repository":
        """The bare repository behind a remote."""
        return Repository(Path(self.git("remote", "get-url", name)), now=self._now)

    def with_dvc(self, *remotes: str, prefix: str = ".") -> "Repository":
        """Make this a DVC project with directory remotes beside it; the first is the default."""
        place = self.path / prefix
        place.mkdir(parents=True, exist_ok=True)
        _run([*_DVC, "init", "--quiet", *(["--subdir"] if prefix != "." else [])], place, {})
        _run([*_DVC, "config", "core.analytics", "false"], place, {})
        for number, name in enumerate(remotes):
            storage = self.path.with_name(f"{self.path.name}-{name}")
            default = ["--default"] if number == 0 else []
            _run([*_DVC, "remote", "add", "--quiet", *default, name, str(storage)], place, {})
        return self.commit(message="Begin with DVC")

    def data(self, files: Mapping[str, str | bytes], *, push: bool = False) -> "Repository":
        """Let DVC track files, and commit their `.dvc` files."""
        self.write(files)
        self.dvc("add", "--quiet", *files)
        if push:
            self.dvc("push", "--quiet")
        return self.commit(message=f"Track {', '.join(sorted(files))}")

    def stage(
        self,
        name: str,
        command: str,
        *,
        deps: Sequence[str] = (),
        outs: Sequence[str] = (),
        more: Sequence[str] = (),
    ) -> "Repository":
        """Declare a stage in `dvc.yaml`; `more` is what else `dvc stage add` takes."""
        options = [option for path in deps for option in ("--deps", path)]
        options += [option for path in outs for option in ("--outs", path)]
        self.dvc("stage", "add", "--quiet", "--force", "--name", name, *options, *more, command)
        return self

    def reproduce(self, *, push: bool = False) -> "Repository":
        """Run the pipeline and commit its lock."""
        self.dvc("repro", "--quiet")
        if push:
            self.dvc("push", "--quiet")
        return self.commit(message="Reproduce")

    def _moment(self, when: datetime | None) -> datetime:
        self._now = when or self._now + timedelta(hours=1)
        return self._now


_DVC = (sys.executable, "-m", "dvc")


def repository(path: Path, *, branch: str = "main", bare: bool = False) -> Repository:
    """A new, empty repository at a path that is made when missing."""
    path.mkdir(parents=True, exist_ok=True)
    kind = ["--bare"] if bare else []
    _run(["git", "init", "--quiet", *kind, f"--initial-branch={branch}"], path, {})
    return Repository(path)


def _put(target: Path, content: str | bytes | Link) -> None:
    if isinstance(content, Link):
        target.symlink_to(content.target)
    else:
        target.write_bytes(content.encode() if isinstance(content, str) else content)


def _run(argv: Sequence[str], cwd: Path, environment: Mapping[str, str], stdin: bytes = b"") -> str:
    program = shutil.which(argv[0]) or argv[0]
    done = subprocess.run(
        [program, *argv[1:]],
        cwd=cwd,
        env={**os.environ, **environment},
        input=stdin,
        capture_output=True,
        check=False,
    )
    if done.returncode:
        said = (done.stdout + done.stderr).decode("utf-8", "replace")
        raise AssertionError(f"{' '.join(argv)} ended with {done.returncode}:\n{said}")
    return done.stdout.decode("utf-8", "surrogateescape").removesuffix("\n")
