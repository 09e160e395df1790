"""What a remote tells is taken into account: a directory here that lacks what only the remote has."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from mlci.adapters.files import FileTree
from mlci.adapters.worktree import LinkedTree
from mlci.app.plan import Asked, plan
from mlci.app.stages.ground import Ground
from mlci.core.dvc.manifest import directory_hash
from mlci.core.dvc.stages import Standing
from tests.support.fakes import FakeClock, FakeDvc, FakeProgress

EMPTY = "d41d8cd98f00b204e9800998ecf8427e"
RAW = directory_hash({"a": EMPTY})
DATA = directory_hash({"more.txt": EMPTY, "raw/a": EMPTY})
FILES = {
    "raw.dvc": f"outs: [{{path: data/raw, hash: md5, md5: {RAW}}}]\n",
    "dvc.yaml": "stages: {train: {cmd: x, deps: [data]}}\n",
    "dvc.lock": (
        f"schema: '2.0'\nstages:\n  train: {{cmd: x, deps: [{{path: data, hash: md5, md5: {DATA}}}]}}\n"
    ),
    "data/more.txt": "",
}


class Remote(FakeDvc):
    """A remote that has the manifest of what is not here."""

    def manifests(self, names: Sequence[str], *, remote: str | None = None) -> Mapping[str, bytes]:
        assert (list(names), remote) == ([RAW], "storage")
        return {RAW: json.dumps([{"md5": EMPTY, "relpath": "a"}], sort_keys=True).encode()}


def test_a_directory_is_compared_with_the_manifest_that_was_fetched(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    for path, content in FILES.items():
        (tmp_path / path).write_text(content)
    files = FileTree(tmp_path)
    ground = Ground(
        root=files,
        project=files,
        tree=LinkedTree(tmp_path),
        dvc=Remote(),
        clock=FakeClock(),
        progress=FakeProgress(),
    )
    (offline,) = plan(ground, Asked(remote="storage", offline=True)).stages
    assert offline.standing is Standing.UNKNOWN
    (asked,) = plan(ground, Asked(remote="storage")).stages
    assert asked.standing is Standing.CURRENT
