"""The values of a diff are those of `dvc metrics diff --json`, its known defects apart.

DVC drops lists and nulls, subtracts doubles, and joins names by dots; nothing else may differ.
"""

import json
import random

import pytest
import yaml

from mlci.adapters.files import FileTree
from mlci.adapters.git import GitCli
from mlci.adapters.process import ProcessRunner
from mlci.adapters.tables import PolarsTables
from mlci.app.diff import DiffRequest, diff
from mlci.core.config import Config
from mlci.core.context import RunContext
from mlci.core.values import Kind
from tests.support.repository import repository

FILES = 40


def tree(chance, depth=0):
    """A random metrics tree of numbers, texts, lists and nulls."""
    if depth < 3 and (depth == 0 or chance.random() < 0.3):
        return {f"k{each}": tree(chance, depth + 1) for each in range(chance.randint(1, 6))}
    return chance.choice([
        chance.randint(-5, 5), round(chance.uniform(-1, 1), 4), chance.random() * 1e-7, "text", None, [1, 2],
    ])  # fmt: skip


def changed(value, chance):
    """The tree with some leaves changed, gone, or new."""
    if isinstance(value, dict):
        kept = {key: changed(each, chance) for key, each in value.items() if chance.random() > 0.1}
        return kept | ({"new": chance.randint(0, 9)} if chance.random() < 0.2 else {}) or {"only": 1}
    return (
        value if chance.random() < 0.5 else chance.choice([chance.randint(-5, 5), chance.random(), "other"])
    )


class _NoDvc:
    def cache_dir(self):
        raise AssertionError("nothing here is cached")


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
def test_values_are_dvcs(tmp_path, seed):
    chance = random.Random(seed)
    story = repository(tmp_path / "work").with_dvc()
    names = [f"m{each}.{chance.choice(['json', 'yaml'])}" for each in range(FILES)]
    before = {name: tree(chance) for name in names}
    after = {name: changed(each, chance) for name, each in before.items()}
    for trees in (before, after):
        texts = {
            name: json.dumps(each) if name.endswith("json") else yaml.safe_dump(each)
            for name, each in trees.items()
        }
        story.commit({**texts, "dvc.yaml": yaml.safe_dump({"metrics": names})})
    theirs = json.loads(story.dvc("metrics", "diff", "--json", "HEAD~1", "HEAD"))
    expected = {
        (path, name): (sides.get("old"), sides.get("new"), sides.get("diff"))
        for path, found in theirs.items()
        for name, sides in found.items()
    }
    assert ours(story) == {key: row for key, row in expected.items() if row[0] != row[1]}
    assert len(expected) > 150


def ours(story):
    environment = {"PATH": "/usr/bin:/bin"}
    process = ProcessRunner(environment)
    found = diff(
        DiffRequest(
            config=Config(project="credit"),
            prefix="",
            context=RunContext(),
            git=GitCli(process, story.path, environment),
            files=FileTree(story.path),
            tables=PolarsTables(root=story.path),
            dvc=_NoDvc(),
            base="HEAD~1",
            head="HEAD",
        )
    )
    rows = {(each.path, each.name): as_dvc_would(each) for each in found.values}
    return {key: row for key, row in rows.items() if row[0] != row[1]}


def as_dvc_would(row):
    """Old, new and their difference, which DVC takes of doubles where ours is exact."""
    old, new = plain(row.base), plain(row.head)
    if row.difference is None:
        return old, new, None
    assert float(row.difference) == pytest.approx(new - old, rel=1e-9)
    return old, new, new - old


def plain(value):
    if value.kind is Kind.NUMBER:
        return value.number
    return value.text if value.kind is Kind.TEXT else None
