"""Posts through `cml comment update`; everything but posting is the native forge's."""

from collections.abc import Mapping
from pathlib import Path

from mlci.errors import ForgeError
from mlci.ports.forge import CommentResult, Forge, Posted, PullRequest
from mlci.ports.process import Command, Process


class Cml:
    """A native forge whose comments are posted by `cml`, with nothing published and nothing reported home."""

    id = "cml"

    def __init__(
        self, *, native: Forge, process: Process, directory: Path, credentials: Mapping[str, str]
    ) -> None:
        """`credentials` is what `cml` needs beyond the CI's own variables: `REPO_TOKEN`."""
        self._native = native
        self._process = process
        self._directory = directory
        self._credentials = credentials
        self.comment_limit = native.comment_limit

    def pull_request_of(self, commit: str, *, branch: str | None = None) -> PullRequest | None:
        """As the native forge says."""
        return self._native.pull_request_of(commit, branch=branch)

    def upsert_comment(self, number: int, key: str, body: str, *, head: str) -> CommentResult:
        """Post or update the comment. `cml` marks it in its own way, by a title of our key."""
        import tempfile

        with tempfile.TemporaryDirectory(prefix="mlci-cml-") as scratch:
            file = Path(scratch) / "report.md"
            file.write_text(body, "utf-8")
            argv = (
                *("cml", "comment", "update", f"--target=pr/{number}", f"--commit-sha={head}"),
                *(f"--watermark-title=mlci {key}", "--publish=false", str(file)),
            )
            environment = {**self._credentials, "ITERATIVE_DO_NOT_TRACK": "1"}
            done = self._process.run(
                Command(argv=argv, cwd=self._directory, environment=environment, timeout=120)
            )
        if not done.ok:
            raise ForgeError(
                f"cml could not post the report: {done.last_lines(5)}",
                id="cml-failed",
                help="set `report.comment: native` in mlci.yaml to post without cml",
            )
        return CommentResult(posted=Posted.UPDATED, url=done.stdout.decode("utf-8", "replace").strip())

    def open_pull_request(self, *, branch: str, base: str, title: str, body: str) -> PullRequest:
        """As the native forge does."""
        return self._native.open_pull_request(branch=branch, base=base, title=title, body=body)
