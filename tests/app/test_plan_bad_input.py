"""What a plan says of files that are wrong, odd or hostile: never a traceback, never a false "current"."""

from pathlib import Path

import pytest

from mlci.adapters.files import FileTree
from mlci.adapters.worktree import LinkedTree
from mlci.app.plan import Asked, plan
from mlci.app.stages.ground import Ground
from mlci.core.dvc.forecast import Forecast
from mlci.core.dvc.stages import Standing
from mlci.errors import ConfigError
from mlci.render.forecast import lines
from tests.support.fakes import FakeClock, FakeDvc, FakeProgress

EMPTY = "d41d8cd98f00b204e9800998ecf8427e"


def planned(root: Path, pipeline: str, lock: str = "") -> Forecast:
    (root / "dvc.yaml").write_text(pipeline)
    if lock:
        (root / "dvc.lock").write_text(lock)
    files = FileTree(root)
    ground = Ground(
        root=files,
        project=files,
        tree=LinkedTree(root),
        dvc=FakeDvc(),
        clock=FakeClock(),
        progress=FakeProgress(),
    )
    return plan(ground, Asked(offline=True))


def locked(name: str, dep: str, command: str = "x") -> str:
    return (
        f"schema: '2.0'\nstages:\n  {name}:\n    cmd: {command}\n"
        f"    deps: [{{path: {dep}, hash: md5, md5: {EMPTY}}}]\n"
    )


@pytest.mark.parametrize("name", ["-rf", "ä" * 300, "::error::x", "`</script>"])
def test_any_name_is_shown_as_it_may_be(tmp_path: Path, name: str) -> None:
    found = planned(tmp_path, f"stages: {{'{name}': {{cmd: x}}}}")
    assert [each.name for each in found.stages] == [name]
    assert all(len(line) <= 80 and not line.lstrip().startswith("::") for line in lines(found))


def test_what_is_no_file_of_ours_is_unknown_and_counts_as_run(tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()
    (tmp_path / "secret").touch()
    (tmp_path / "work/link").symlink_to(tmp_path / "secret")
    for dep in ("link", "../secret", "/etc"):
        pipeline = f"stages: {{a: {{cmd: x, deps: [{dep}]}}}}"
        (stage,) = planned(tmp_path / "work", pipeline, locked("a", dep)).stages
        assert (dep, stage.standing) == (dep, Standing.UNKNOWN)


def test_a_command_may_hold_quotes_and_lines(tmp_path: Path) -> None:
    (tmp_path / "a.txt").touch()
    command = '''"echo \\"x\\" 'y'\\necho z"'''
    pipeline = f"stages: {{a: {{cmd: {command}, deps: [a.txt]}}}}"
    (stage,) = planned(tmp_path, pipeline, locked("a", "a.txt", command)).stages
    assert stage.standing is Standing.CURRENT


PARAMS_LOCK = "schema: '2.0'\nstages: {a: {cmd: x, params: {params.yaml: {a: .nan}}}}\n"


@pytest.mark.parametrize("params", ["[1, 2]", "7"])
def test_parameters_without_names_are_refused(tmp_path: Path, params: str) -> None:
    (tmp_path / "params.yaml").write_text(params)
    with pytest.raises(ConfigError) as error:
        planned(tmp_path, "stages: {a: {cmd: x, params: [a]}}", PARAMS_LOCK)
    assert error.value.id == "params-unreadable"


def test_what_is_not_a_number_is_never_the_same(tmp_path: Path) -> None:
    (tmp_path / "params.yaml").write_text("{a: .nan}")
    (stage,) = planned(tmp_path, "stages: {a: {cmd: x, params: [a]}}", PARAMS_LOCK).stages
    assert stage.standing is Standing.STALE
