"""What it costs to read and write the registry: against GTO, and against what Git and Python cost alone."""

import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from mlci.adapters.files import FileTree
from tests.benchmarks.harness import Comparison, child, compare
from tests.support import gto
from tests.support.registry import leave_judgement

MODELS = 20
AT_MOST = {100: 1 / 5, 1_000: 1 / 15, 5_000: 1 / 50}


def measure() -> Iterator[Comparison]:
    """`mlci models` at three sizes over twenty models, each against both."""
    for count, wanted in AT_MOST.items():
        with tempfile.TemporaryDirectory() as directory:
            path = Path(directory) / "work"
            fill(path, count)
            mlci = child(sys.executable, "-m", "mlci", "models", "--json", cwd=path)
            peer = child(str(Path(sys.executable).with_name("gto")), "show", "--json", cwd=path)
            rounds = 5 if count < 5_000 else 2
            yield compare(f"mlci models, {count} tags", mlci, "gto show", peer, at_most=wanted, rounds=rounds)
            bare = f"git for-each-ref refs/tags && {sys.executable} -c 'import click, yaml'"
            floor = child("sh", "-c", bare, cwd=path)
            yield compare(f"mlci models, {count} tags", mlci, "git for-each-ref + import", floor, at_most=2.0)
    yield from measure_writing()


def measure_writing() -> Iterator[Comparison]:
    """`mlci register`, with its looks at remote, lock, bytes and evidence, against a local `gto register`."""
    rounds, count = 3, 5_000
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "work"
        fill(path, count)
        names = [f"project-{number}" for number in range(rounds + 1)]
        _publish(path, names)
        fresh = iter(names)
        others = (f"fresh-{number}" for number in range(rounds + 1))

        def ours() -> None:
            child(sys.executable, "-m", "mlci", "-C", next(fresh), "register", cwd=path)()

        def theirs() -> None:
            child(str(Path(sys.executable).with_name("gto")), "register", next(others), cwd=path)()

        title = f"mlci register, {count} tags"
        yield compare(title, ours, "gto register", theirs, at_most=1 / 30, rounds=rounds)


def _publish(path: Path, names: Sequence[str]) -> None:
    """Projects of one model each, whose bytes lie on a DVC remote and whose commit lies on `origin`."""
    remote, store = path.with_name("remote.git"), path.with_name("store")
    store.mkdir()

    def run(*argv: str) -> None:
        child(*argv, cwd=path, environment={"DVC_NO_ANALYTICS": "1"})()

    run("git", "checkout", "--quiet", "main")
    run("git", "config", "user.name", "Ana")
    run("git", "config", "user.email", "ana@example.org")
    run(sys.executable, "-m", "dvc", "init", "--quiet")
    run(sys.executable, "-m", "dvc", "remote", "add", "--quiet", "--default", "store", str(store))
    for name in names:
        (path / name).mkdir()
        model = "models:\n  fresh: {path: model.txt, task: binary}\n"
        (path / name / "mlci.yaml").write_text(f"version: 1\nproject: {name}\n{model}")
        stage = f"stages:\n  make:\n    cmd: echo {name} > model.txt\n    outs: [model.txt]\n"
        (path / name / "dvc.yaml").write_text(stage)
    run(sys.executable, "-m", "dvc", "repro", "--quiet", "--all-pipelines")
    run(sys.executable, "-m", "dvc", "push", "--quiet")
    run("git", "add", "--all")
    run("git", "commit", "--quiet", "--message", "Begin")
    head = (path / ".git/refs/heads/main").read_text().strip()
    for name in names:
        leave_judgement(FileTree(path / name), head)
    run("git", "clone", "--quiet", "--bare", str(path), str(remote))
    run("git", "remote", "add", "origin", str(remote))
    run("git", "fetch", "--quiet")


def fill(path: Path, count: int) -> None:
    """A repository with so many tags: for each model versions, and every second one in an environment."""
    made = gto.commits(path, count)
    tags = []
    for number in range(count):
        model = f"model-{number % MODELS:02}"
        step = number // MODELS
        even = step % 2 == 0
        name = f"{model}@v0.{step + 1}.0" if even else f"{model}#{'prod' if step % 4 == 1 else 'dev'}#{step}"
        tags.append((name, made[number if even else number - MODELS], number))
    gto.annotate(path, tags)
