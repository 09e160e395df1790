"""The user's environment: its interpreter, found by one rule and driven through `runner.py` and files."""

import os
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from msgspec.structs import replace

from mlci.core.strictjson import JsonValue, NotJson, dumps, loads
from mlci.errors import WorldError
from mlci.ports.process import Command, Finished, Process

_BIN = "Scripts" if os.name == "nt" else "bin"
_NAME = "python.exe" if os.name == "nt" else "python"
_ANSWER_LIMIT = 64 * 1024 * 1024


class UserEnvironment:
    """The interpreter that `python:` names, else the project's `.venv`, else our own.

    `environment` is what children inherit; only its PATH is read here.
    """

    def __init__(
        self, process: Process, project: Path, environment: Mapping[str, str], *, python: str | None = None
    ) -> None:
        self._process = process
        self._project = project
        self._path = environment.get("PATH", os.defpath)
        self._python = python

    @property
    def executable(self) -> Path:
        """The interpreter. Raises WorldError when `python:` names one that is not there."""
        if self._python is None:
            own = self._project / ".venv" / _BIN / _NAME
            return own if own.exists() else Path(sys.executable)
        if os.sep not in self._python and "/" not in self._python:
            import shutil

            found = shutil.which(self._python, path=self._path)
        else:
            place = self._project / Path(self._python).expanduser()
            found = str(place) if place.is_file() else None
        if found is None:
            raise self._not_there(self._python)
        return Path(os.path.abspath(found))  # noqa: PTH100 - a venv's python is a link that must stay one

    @property
    def environment(self) -> Mapping[str, str]:
        """What a child needs so that `python` and console scripts are this environment's."""
        place = self.executable.parent
        variables = {"PATH": os.pathsep.join((str(place), self._path)), "PYTHONHOME": ""}
        if (place.parent / "pyvenv.cfg").exists():
            variables["VIRTUAL_ENV"] = str(place.parent)
        return variables

    def probe(self, packages: Sequence[str] = ()) -> Mapping[str, str | None]:
        """Installed versions by distribution name (None: absent), `python` among them."""
        answer = self.call("probe", {"packages": list(packages)}, timeout=60.0)
        found = answer if isinstance(answer, dict) else {}
        return {name: None if version is None else str(version) for name, version in found.items()}

    def call(self, task: str, arguments: JsonValue, *, timeout: float = 600.0) -> JsonValue:
        """Run one of the runner's tasks in a child. Raises WorldError with the child's last lines."""
        from importlib.resources import files
        from tempfile import TemporaryDirectory

        with TemporaryDirectory(prefix="mlci-") as exchange:
            place = Path(exchange)
            # A copy, because a script's own directory comes first on sys.path: ours must not.
            (place / "mlci_runner.py").write_bytes(files("mlci").joinpath("runner.py").read_bytes())
            (place / "question.json").write_text(dumps({"task": task, "arguments": arguments}), "utf-8")
            done = self.run([str(self.executable), str(place / "mlci_runner.py")], timeout=timeout)
            return self._answer(task, done, place / "answer.json")

    def run(self, argv: Sequence[str], *, timeout: float = 600.0) -> Finished:
        """Run a program of that environment in the project."""
        import shutil

        program = shutil.which(argv[0], path=self.environment["PATH"]) or argv[0]
        command = Command(
            argv=(program, *argv[1:]), cwd=self._project, environment=self.environment, timeout=timeout
        )
        return replace(self._process.run(command), argv=tuple(argv))

    def _answer(self, task: str, done: Finished, file: Path) -> JsonValue:
        try:
            with file.open("rb") as stream:
                answer = loads(stream.read(_ANSWER_LIMIT))
        except (OSError, NotJson):
            answer = None
        if not isinstance(answer, dict):
            why = "took too long" if done.timed_out else f"ended with {done.code} and gave no answer"
            raise WorldError(
                f"{task} in your environment {why}\n{done.last_lines()}".rstrip(), id="user-code-failed"
            )
        if "value" in answer:
            return answer["value"]
        raise self._failure(task, answer)

    def _failure(self, task: str, answer: Mapping[str, JsonValue]) -> WorldError:
        if package := answer.get("missing"):
            return WorldError(
                f"the package {package} is not installed in {self.executable}",
                id="package-missing",
                help=f"{self.executable} -m pip install {package}",
            )
        return WorldError(f"{task} failed in your environment: {answer.get('error')}", id="user-code-failed")

    def _not_there(self, python: str) -> WorldError:
        venv = re.sub(rf"/{_BIN}/python[^/]*$", "", python)
        return WorldError(
            f"`python: {python}` names an interpreter that is not there",
            id="python-missing",
            where="python",
            help=f"python -m venv {venv} && {venv}/{_BIN}/python -m pip install -r requirements.txt",
        )
