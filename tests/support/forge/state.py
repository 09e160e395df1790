"""What a forge remembers: projects with a bare repository, pull requests, comments, statuses."""

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

WHEN = "2026-01-01T00:00:00Z"


@dataclass(slots=True)
class Comment:
    """One comment on a pull request."""

    id: int
    author: str
    body: str


@dataclass(slots=True)
class Pull:
    """One pull request. `source` is the project that its branch lies in: a fork's is another."""

    number: int
    title: str
    branch: str
    base: str
    source: "Project"
    target: "Project"
    labels: Sequence[str] = ()
    state: str = "open"
    merge_commit: str | None = None
    last_head: str = ""
    comments: list[Comment] = field(default_factory=list)

    @property
    def head(self) -> str:
        """The commit that the branch names, or named when the request was merged."""
        if self.state == "open":
            self.last_head = self.source.sha(f"refs/heads/{self.branch}")
        return self.last_head

    @property
    def base_tip(self) -> str:
        """The tip of the branch that it wants to go to."""
        return self.target.sha(f"refs/heads/{self.base}")

    def comment(self, author: str, body: str) -> Comment:
        """Write a comment as somebody."""
        made = Comment(self.target.next_id(), author, body)
        self.comments.append(made)
        return made


class Project:
    """One repository of the forge. Git is the truth about branches and tags."""

    def __init__(self, name: str, id: int, path: Path, url: str, *, default_branch: str = "main") -> None:
        self.name = name
        self.id = id
        self.path = path
        self.url = url
        self.default_branch = default_branch
        self.pulls: dict[int, Pull] = {}
        self.statuses: list[dict[str, Any]] = []
        self.dispatched: list[dict[str, Any]] = []
        self._last_id = 1000
        path.mkdir(parents=True)
        self.git("init", "--quiet", "--bare", f"--initial-branch={default_branch}", ".")
        self.git("config", "http.receivepack", "true")

    def git(self, *arguments: str) -> str:
        """Run git in the bare repository."""
        done = subprocess.run(["git", *arguments], cwd=self.path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"git {' '.join(arguments)}: {done.stderr}"
        return done.stdout.rstrip("\n")

    def sha(self, revision: str) -> str:
        """The commit that a revision names."""
        return self.git("rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}")

    def refs(self, prefix: str = "refs/") -> dict[str, str]:
        """All refs below a prefix, name to object."""
        lines = self.git("for-each-ref", "--format=%(refname) %(objectname)", prefix).splitlines()
        return dict(line.rsplit(" ", 1) for line in lines)

    def tags(self) -> list[str]:
        """The names of all tags, sorted."""
        return [each.removeprefix("refs/tags/") for each in self.refs("refs/tags/")]

    def tag_message(self, tag: str) -> str:
        """What an annotated tag says."""
        return self.git("for-each-ref", "--format=%(contents)", f"refs/tags/{tag}")

    def next_id(self) -> int:
        """A number that nothing here has yet."""
        self._last_id += 1
        return self._last_id

    def open(
        self,
        branch: str,
        title: str = "A change",
        *,
        base: str | None = None,
        source: "Project | None" = None,
        labels: Sequence[str] = (),
    ) -> Pull:
        """Open a pull request for a pushed branch, and show its commits to readers of this project."""
        pull = Pull(
            number=max(self.pulls, default=0) + 1,
            title=title,
            branch=branch,
            base=base or self.default_branch,
            source=source or self,
            target=self,
            labels=labels,
        )
        self.pulls[pull.number] = pull
        self.show(pull)
        return pull

    def show(self, pull: Pull) -> None:
        """Point the refs by which a pull request is fetched at its present head."""
        if pull.source is not self:
            self.git("fetch", "--quiet", str(pull.source.path), pull.head)
        for ref in (f"refs/pull/{pull.number}/head", f"refs/merge-requests/{pull.number}/head"):
            self.git("update-ref", ref, pull.head)

    def merge(self, pull: Pull, *, how: str = "merge") -> str:
        """Merge as the button does: `merge`, `squash` or `rebase`. Returns the new tip."""
        self.show(pull)
        head, tip = pull.head, pull.base_tip
        tree = self.git("merge-tree", "--write-tree", tip, head).splitlines()[0]
        parents = ["-p", tip, "-p", head] if how == "merge" else ["-p", tip]
        message = f"{pull.title} (#{pull.number})"
        merged = self.git(*_AS_FORGE, "commit-tree", tree, *parents, "-m", message)
        self.git("update-ref", f"refs/heads/{pull.base}", merged, tip)
        pull.state, pull.merge_commit = "merged", merged
        return merged


_AS_FORGE = ("-c", "user.name=The Forge", "-c", "user.email=forge@example.org")
