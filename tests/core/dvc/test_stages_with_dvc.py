"""The plan names exactly the stages that `dvc repro` then executes."""

import hashlib
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from mlci.core.dvc.files import Hashed, read_lock, read_pipeline
from mlci.core.dvc.stages import Seen, plan_stages

pytestmark = pytest.mark.slow

WORK = f"{sys.executable} work.py"
PIPELINE = f"""
stages:
  split: {{cmd: "{WORK} raw.txt parts/a parts/b", deps: [raw.txt, work.py], outs: [parts]}}
  one: {{cmd: "{WORK} parts/a one.txt", deps: [parts/a], params: [x.lr], outs: [one.txt]}}
  whole: {{cmd: "{WORK} parts/b whole.txt", deps: [parts], outs: [{{whole.txt: {{cache: false}}}}]}}
  last: {{cmd: "{WORK} one.txt last.txt", deps: [one.txt, whole.txt], outs: [last.txt]}}
  alone: {{cmd: "{WORK} other.txt alone.txt", deps: [other.txt], params: [{{p.yaml: }}], outs: [alone.txt]}}
"""
SCRIPT = """
import pathlib, sys
source, *targets = sys.argv[1:]
pathlib.Path("work.log").write_text("done")
for target in map(pathlib.Path, targets):
    target.parent.mkdir(exist_ok=True)
    target.write_text(pathlib.Path(source).read_text() + target.name)
"""


def dvc(root: Path, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "dvc", *arguments], cwd=root, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def reproduced(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("reproduced")
    (root / "work.py").write_text(SCRIPT)
    (root / "raw.txt").write_text("raw")
    (root / "other.txt").write_text("other")
    (root / "params.yaml").write_text("x: {lr: 0.1, unused: 1}\n")
    (root / "p.yaml").write_text("a: 1\n")
    (root / "dvc.yaml").write_text(PIPELINE)
    dvc(root, "init", "--no-scm", "-q")
    dvc(root, "repro", "-q")
    return root


def md5(path: Path) -> str:
    if path.is_file():
        return hashlib.md5(path.read_bytes()).hexdigest()
    inside = sorted(each for each in path.rglob("*") if each.is_file())
    listed = [{"md5": md5(each), "relpath": each.relative_to(path).as_posix()} for each in inside]
    return hashlib.md5(json.dumps(listed).encode()).hexdigest() + ".dir"


def planned(root: Path) -> tuple[set[str], set[str]]:
    """The stages that surely run, and those that may."""

    def look(path: str, recorded: Hashed) -> Seen:
        if not (root / path).exists():
            return Seen.MISSING
        return Seen.SAME if md5(root / path) == recorded.value else Seen.DIFFERENT

    plan = plan_stages(
        read_pipeline((root / "dvc.yaml").read_bytes()).stages,
        read_lock((root / "dvc.lock").read_bytes()),
        look=look,
        params=lambda file: yaml.safe_load((root / file).read_text()),
    )
    return {each.name for each in plan if each.standing == "stale"}, {each.name for each in plan if each.runs}


def replace_in_pipeline(old: str, new: str) -> Callable[[Path], object]:
    return lambda root: (root / "dvc.yaml").write_text((root / "dvc.yaml").read_text().replace(old, new))


CHANGES: dict[str, Callable[[Path], object]] = {
    "nothing": lambda root: None,
    "a source": lambda root: (root / "raw.txt").write_text("changed"),
    "a script": lambda root: (root / "work.py").write_text(SCRIPT + "# same bytes come out\n"),
    "a parameter": lambda root: (root / "params.yaml").write_text("x: {lr: 0.2, unused: 1}\n"),
    "another parameter": lambda root: (root / "params.yaml").write_text("x: {lr: 0.1, unused: 2}\n"),
    "a whole parameter file": lambda root: (root / "p.yaml").write_text("a: 1\nb: 2\n"),
    "an output by hand": lambda root: (root / "one.txt").write_text("by hand"),
    "a file in an output": lambda root: (root / "parts" / "c").write_text("by hand"),
    "a command": replace_in_pipeline("one.txt last.txt", "whole.txt last.txt"),
    "a new output": replace_in_pipeline("outs: [parts]", "outs: [parts, work.log]"),
    "always changed": replace_in_pipeline("alone: {", "alone: {always_changed: true, "),
    "frozen": lambda root: (
        replace_in_pipeline("split: {", "split: {frozen: true, ")(root),
        (root / "raw.txt").write_text("changed"),
    ),
    "a lost record": lambda root: (root / "dvc.lock").write_text(
        (root / "dvc.lock").read_text().replace("  alone:", "  gone:")
    ),
}  # fmt: skip


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_what_is_planned_is_what_dvc_executes(
    change: Callable[[Path], object], reproduced: Path, tmp_path: Path
) -> None:
    root = tmp_path / "copy"
    shutil.copytree(reproduced, root, symlinks=True)
    change(root)
    stale, running = planned(root)
    said = dvc(root, "repro", "--no-run-cache", "--keep-going")
    # What was changed by hand is made good from the cache; DVC counts that as a stage that changed.
    touched = set(re.findall(r"Running stage '([^']+)'|Stage '([^']+)' is cached", said))
    done = {one or other for one, other in touched}
    assert stale <= done <= running, said
