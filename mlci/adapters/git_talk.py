"""What is talked about with remotes; none of what lies in a repository runs anything here meanwhile."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from mlci.adapters import git_parse, git_remote
from mlci.adapters.git_child import GitChild
from mlci.ports.git import PushResult, RefUpdate

if TYPE_CHECKING:
    from git import Repo


class Talking(GitChild):
    """A repository that talks with others."""

    def remote_names(self) -> Sequence[str]:
        """The names of the remotes, sorted, from settings that are read anyway."""
        keys = (each.key for each in self._settings)
        named = (key for key in keys if key.startswith("remote.") and key.endswith(".url"))
        return sorted({key.removeprefix("remote.").removesuffix(".url") for key in named})

    def remotes(self) -> Mapping[str, str]:
        """Remote names and their URLs, without credentials."""
        return {name: git_remote.without_credentials(url) for name, url in self._urls().items()}

    def remote_refs(self, remote: str, *patterns: str) -> Mapping[str, str]:
        """What a remote has now (`ls-remote`). Raises WorldError when it cannot be reached."""
        done = self._talk(
            "ls-remote",
            "--quiet",
            "--refs",
            "--upload-pack=git-upload-pack",
            "--",
            self._safe(remote),
            *patterns,
        )
        if not done.ok:
            raise git_remote.unreachable(remote, done)
        lines = (line.split("\t", 1) for line in git_parse.text(done.stdout).splitlines())
        exact = {each for each in patterns if not set("*?[") & set(each)}
        anything = len(exact) < len(patterns) or not patterns
        return {name: object_ for object_, name in lines if anything or name in exact}

    def fetch(self, remote: str, *refspecs: str, depth: int | None = None) -> None:
        """Bring refs here; `+` in a refspec forces. Raises WorldError."""
        self._fetch(remote, refspecs, [] if depth is None else [f"--depth={depth}"])

    def deepen(self, remote: str, *refspecs: str, by: int) -> None:
        """Bring so many more commits of a history that is cut off. Raises WorldError."""
        self._fetch(remote, refspecs, [f"--deepen={by}"])

    def push(self, remote: str, updates: Sequence[RefUpdate]) -> PushResult:
        """Move refs on a remote, all or none."""
        leases = [
            f"--force-with-lease={each.ref}:{each.expect}" for each in updates if each.expect is not None
        ]
        moves = [f"{each.new or ''}:{each.ref}" for each in updates]
        options = ["--porcelain", "--atomic", "--no-verify", "--no-follow-tags", "--recurse-submodules=no"]
        options += ["--receive-pack=git-receive-pack", *leases]
        return git_remote.push_result(self._talk("push", *options, "--", self._safe(remote), *moves))

    def _fetch(self, remote: str, refspecs: Sequence[str], options: Sequence[str]) -> None:
        quiet = ["--no-tags", "--no-prune", "--no-recurse-submodules", "--no-auto-maintenance", "--quiet"]
        upload = "--upload-pack=git-upload-pack"
        done = self._talk("fetch", *options, *quiet, upload, "--", self._safe(remote), *refspecs)
        self._objects.forget()
        if not done.ok:
            raise git_remote.unreachable(remote, done)

    def _urls(self) -> Mapping[str, str]:
        repository = self._repository
        with repository.config_reader() as config:
            return {
                remote.name: str(config.get_value(f'remote "{remote.name}"', "url", ""))
                for remote in sorted(repository.remotes, key=lambda remote: remote.name)
            }

    @cached_property
    def _repository(self) -> "Repo":
        from git import Repo  # noqa: PLC0415 - a tenth of a second that plain reads do not pay

        return Repo(self.root)

    def _safe(self, remote: str) -> str:
        """A remote's name, or an address, that runs nothing here. Raises WorldError."""
        named = [
            each
            for each in self._settings
            if each.key in (f"remote.{remote}.url", f"remote.{remote}.pushurl")
        ]
        if not named and not set("/:\\") & set(remote):
            raise git_remote.missing(remote, known=[*self.remotes()])
        for url in [each.value for each in named] or [remote]:
            git_remote.check_url(remote, url, self.root)
        return remote
