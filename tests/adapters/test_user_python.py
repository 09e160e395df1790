"""The user's interpreter is found by one rule, and its answers cannot be garbled by what it prints."""

import json
import os
import sys

import pytest

from mlci.adapters.user_python import UserEnvironment
from mlci.errors import WorldError

MODEL = """
import json
print("{\\"value\\": \\"not the answer\\"}")
class Model:
    classes_ = [0, 1]
    def predict(self, rows): return [int(x > 1) for x in column(rows)]
    def predict_proba(self, rows): return [(1 - x / 4, x / 4) for x in column(rows)]
def column(rows):
    if isinstance(rows, list):
        assert set(rows[0]) == {"x"}
        return [row["x"] for row in rows]
    assert list(rows.columns) == ["x"]
    return list(rows["x"])
def load(path):
    print("loading", path)
    return Model()
def few(path):
    model = Model(); model.predict = lambda rows: [1]; return model
def lost(path): import no_such_package
def broken(path): raise RuntimeError("no model here")
def dies(path): import os; print("last words", flush=True); os._exit(9)
"""


@pytest.fixture
def project(tmp_path):
    (tmp_path / "credit").mkdir()
    (tmp_path / "credit/__init__.py").write_text("")
    (tmp_path / "credit/predict.py").write_text(MODEL)
    (tmp_path / "errors.py").write_text("mine = True\n")
    (tmp_path / "test.csv").write_text("id,x,y\n007,1,0\n8,3,1\n")
    return tmp_path


def user(process, project, python=None) -> UserEnvironment:
    return UserEnvironment(process, project, dict(os.environ), python=python)


def predict(project, function: str = "load") -> dict:
    return {
        "load": f"credit.predict:{function}",
        "model": "models/m",
        "features": str(project / "test.csv"),
        "predictions": str(project / "out.jsonl"),
        "columns": {"id": "id", "label": "label", "score": "score"},
        "drop": ["y"],
    }


def test_probes_versions(process, project):
    found = user(process, project).probe(["pytest", "no-such-package"])
    assert found["python"] == sys.version.split()[0]
    assert found["pytest"] == pytest.__version__
    assert found["no-such-package"] is None


@pytest.mark.parametrize("pandas", [True, False])
def test_loads_and_predicts_whatever_is_printed(process, project, pandas):
    if not pandas:
        (project / "pandas.py").write_text("raise ImportError")
    said = user(process, project).call("load_and_predict", predict(project))
    assert said == {"rows": 2, "classes": ["0", "1"], "scores": ["score"]}
    rows = [json.loads(line) for line in (project / "out.jsonl").read_text().splitlines()]
    assert rows == [{"id": "007", "label": 0, "score": 0.25}, {"id": "8", "label": 1, "score": 0.75}]


@pytest.mark.parametrize(
    ("function", "word", "says"),
    [
        ("lost", "package-missing", "no_such_package"),
        ("broken", "user-code-failed", "no model here"),
        ("dies", "user-code-failed", "last words"),
        ("absent", "user-code-failed", "absent"),
        ("few", "user-code-failed", "1 predictions for 2 rows"),
    ],
)
def test_what_fails_there_is_told_here(process, project, function, word, says):
    with pytest.raises(WorldError, match=says) as caught:
        user(process, project).call("load_and_predict", predict(project, function))
    assert caught.value.id == word
    if word == "package-missing":
        assert caught.value.help.endswith("-m pip install no_such_package")


def test_the_projects_modules_come_before_ours(process, project):
    (project / "credit/predict.py").write_text(
        "import errors\ndef load(path): assert errors.mine; raise KeyError('mine')\n"
    )
    with pytest.raises(WorldError, match="mine"):
        user(process, project).call("load_and_predict", predict(project))


def test_the_interpreter_is_the_named_one_else_the_projects_else_ours(process, project):
    assert str(user(process, project).executable) == sys.executable
    (project / ".venv/bin").mkdir(parents=True)
    (project / ".venv/bin/python").symlink_to(sys.executable)
    (project / ".venv/pyvenv.cfg").touch()
    own = user(process, project)
    assert own.executable == project / ".venv/bin/python"
    assert own.environment["PATH"].startswith(f"{project}/.venv/bin{os.pathsep}")
    assert own.environment["VIRTUAL_ENV"] == str(project / ".venv")
    assert user(process, project, ".venv/bin/python").executable == own.executable
    assert user(process, project, "python3").executable.is_absolute()
    assert user(process, project, sys.executable).run(["python", "-c", "print(1)"]).stdout.strip() == b"1"


@pytest.mark.parametrize("python", ["env/bin/python", "no-such-python"])
def test_a_named_interpreter_that_is_missing_is_an_error(process, project, python):
    with pytest.raises(WorldError) as caught:
        _ = user(process, project, python).executable
    assert caught.value.id == "python-missing"
    assert "python -m venv" in caught.value.help
