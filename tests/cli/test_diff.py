"""What `mlci diff` says beside its answer."""

from pathlib import Path

import pytest

from tests.support.program import run_here, run_python
from tests.support.repository import repository

CONFIG = """version: 1
project: credit
objectives:
  - {metric: auc, from: metrics.json#/auc, direction: higher, at_least: 0.9}
"""


@pytest.mark.parametrize(("gate", "code"), [((), 0), (("--gate",), 10)])
def test_without_gate_a_diff_that_blocks_says_who_decides(
    tmp_path: Path, gate: tuple[str, ...], code: int
) -> None:
    story = repository(tmp_path / "work").commit({"mlci.yaml": CONFIG, "metrics.json": '{"auc": 0.95}'})
    story.branch("work").commit({"metrics.json": '{"auc": 0.5}'})
    said = run_here("-C", str(story.path), "diff", *gate)
    assert said.code == code, said.stderr
    assert ("--gate" in said.stderr) is (not gate)


def test_metrics_in_files_are_compared_without_arrays(tmp_path: Path) -> None:
    story = repository(tmp_path / "work").commit({"mlci.yaml": CONFIG, "metrics.json": '{"auc": 0.95}'})
    story.commit({"metrics.json": '{"auc": 0.96}'})
    program = (
        "import sys; from mlci.__main__ import run; run(['diff', 'HEAD~1']); "
        "print(sorted({'numpy', 'polars', 'narwhals'} & set(sys.modules)), file=sys.stderr)"
    )
    said = run_python("-c", program, cwd=story.path)
    assert "auc" in said.stdout, said.stderr
    assert said.stderr.splitlines()[-1] == "[]"
