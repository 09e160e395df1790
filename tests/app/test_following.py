"""What is advised after a run commits all that was measured, and nothing else."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from mlci.app.following import following
from mlci.core.config import Config
from mlci.core.context import RunContext
from mlci.core.evidence import PIPELINE, Evidence
from tests.support.fakes import FakeDvc

MADE = ["dvc.lock", "reports/metrics.json"]


def advised(dirty: list[str], prefix: str = "", here: str = "") -> str:
    place = SimpleNamespace(
        context=RunContext(),
        project=SimpleNamespace(root=Path("/top"), prefix=prefix, config=Config(project="credit")),
        git=SimpleNamespace(dirty=lambda: dirty),
        dvc=FakeDvc(),
    )
    pipeline = Evidence(gate=PIPELINE, commit="1" * 40 + "+changes", findings=(), figures={"in_git": MADE})
    return next(iter(following(place, (pipeline,), Path("/top", here))), "")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("dirty", "named"),
    [
        (["dvc.lock", "params.yaml", "src/train.py"], "dvc.lock params.yaml src/train.py"),
        (
            ["dvc.lock", "it's mine.py", "reports/metrics.json"],
            """dvc.lock reports/metrics.json 'it'"'"'s mine.py'""",
        ),
        (
            ["dvc.lock", *(f"src/{n}.py" for n in range(5))],
            "dvc.lock " + " ".join(f"src/{n}.py" for n in range(5)),
        ),
        (["dvc.lock", *(f"src/{n}.py" for n in range(6))], "--all ."),
        (["-f", "dvc.lock"], "--all ."),
        ([":top", "dvc.lock"], "--all ."),
        (["dvc.lock", "src/*"], "--all ."),
        (["dvc.lock", "src/\x1b[31m"], "--all ."),
    ],
)
def test_what_was_measured_is_committed_with_what_came_of_it(dirty: list[str], named: str) -> None:
    assert advised(dirty) == f"git add {named} && git commit"


def test_of_a_project_below_the_top_its_own_files_are_named() -> None:
    dirty = ["a/dvc.lock", "a/params.yaml", "b/params.yaml", "README.md"]
    assert advised(dirty, prefix="a", here="a") == "git add dvc.lock params.yaml && git commit"
    assert advised(dirty, prefix="a") == "git add a/dvc.lock a/params.yaml && git commit"
    assert advised(dirty, prefix="a", here="b") == "git add ../a/dvc.lock ../a/params.yaml && git commit"
    many = ["a/dvc.lock", *(f"a/{n}.py" for n in range(9))]
    assert advised(many, prefix="a") == "git add --all a && git commit"
    assert advised(many, prefix="a", here="a/src") == "git add --all .. && git commit"


def test_where_nothing_came_of_it_nothing_is_advised() -> None:
    assert advised(["params.yaml"]) == ""
