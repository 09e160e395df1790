"""Registry histories in a real repository, any number of tags in one process, and the answers of GTO."""

import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

START = 1_760_000_000


def commits(path: Path, count: int) -> list[str]:
    """A new repository with so many commits; their names, oldest first."""
    subprocess.run(["git", "init", "--quiet", "--initial-branch=main", str(path)], check=True)
    story = "".join(
        f"commit refs/heads/main\ncommitter Ana <ana@example.org> {START - count + number} +0000\ndata 1\nc\n"
        for number in range(count)
    )
    _import(path, story)
    listed = subprocess.run(
        ["git", "rev-list", "--reverse", "main"], cwd=path, check=True, capture_output=True, text=True
    )
    return listed.stdout.split()


def annotate(path: Path, tags: Sequence[tuple[str, str, int]]) -> None:
    """Annotated tags: name, commit, and seconds after the start."""
    _import(
        path,
        "".join(
            f"tag {name}\nfrom {commit}\ntagger Ana <ana@example.org> {START + when} +0000\ndata 1\nt\n"
            for name, commit, when in tags
        ),
    )
    subprocess.run(["git", "pack-refs", "--all"], cwd=path, check=True)


def point(path: Path, tags: Sequence[tuple[str, str]]) -> None:
    """Lightweight tags: name and commit."""
    _import(path, "".join(f"reset refs/tags/{name}\nfrom {commit}\n\n" for name, commit in tags))


def told(path: Path) -> list[tuple[str, str, str | None, str]]:
    """What `gto history` answers: of each event its tag, its name, its version and its commit."""
    from gto.api import history

    events: list[dict[str, Any]] = history(str(path))
    named = [(each["ref"], each["event"], each["version"], each["commit"]) for each in events]
    return sorted(named, key=str)


def shown(path: Path) -> dict[str, tuple[str | None, dict[str, str]]]:
    """What `gto show` answers: by model the latest version and what each stage holds."""
    from gto.api import show

    models: dict[str, Any] = show(str(path))
    return {
        name: (each["version"], {stage: held for stage, held in each["stage"].items() if held})
        for name, each in models.items()
    }


def _import(path: Path, story: str) -> None:
    subprocess.run(["git", "fast-import", "--quiet", "--force"], cwd=path, input=story.encode(), check=True)
