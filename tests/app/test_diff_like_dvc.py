"""The values of a diff are those of `dvc metrics diff --json` and `dvc params diff --json`, defects apart.

DVC drops lists and nulls of metrics, repeats a list that two keys of `params:` lead to, takes a missing
parameter for a null one, subtracts doubles, and joins names by dots; nothing else may differ.
`MLCI_TREES` says how many files are tried.
"""

import ast
import json
import os
import random
import time

import pytest
import yaml

from mlci.adapters.files import FileTree
from mlci.adapters.git import GitCli
from mlci.adapters.process import ProcessRunner
from mlci.adapters.tables import PolarsTables
from mlci.app.diff import DiffRequest, diff
from mlci.core.config import Config
from mlci.core.context import RunContext
from mlci.core.diff_json import to_json
from mlci.core.values import Kind
from tests.support.repository import repository

FILES = int(os.environ.get("MLCI_TREES", "150"))


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
        texts = {name: written(name, each) for name, each in trees.items()}
        story.commit({**texts, "dvc.yaml": yaml.safe_dump({"metrics": names})})
    theirs = json.loads(story.dvc("metrics", "diff", "--json", "HEAD~1", "HEAD"))
    expected = {
        (path, name): (sides.get("old"), sides.get("new"), sides.get("diff"))
        for path, found in theirs.items()
        for name, sides in found.items()
    }
    assert ours(story) == {key: row for key, row in expected.items() if row[0] != row[1]}
    assert len(expected) > 150


@pytest.mark.slow
@pytest.mark.parametrize("seed", [3, 4])
def test_parameters_are_dvcs(tmp_path, seed):
    chance = random.Random(seed)
    story = repository(tmp_path / "work").with_dvc()
    names = [f"p{each}.{chance.choice(['json', 'yaml'])}" for each in range(FILES)]
    before = {name: tree(chance) for name in names}
    after = {name: changed(each, chance) for name, each in before.items()}
    # Of a third the whole file counts, of the others the keys that stages name, with overlaps.
    stages = {
        f"s{at}": {"cmd": "true", "params": [{name: keys_of(before[name], chance)}]}
        for name in names[FILES // 3 :]
        for at in (f"{name}-a".replace(".", "-"), f"{name}-b".replace(".", "-"))
    }
    pipeline = yaml.safe_dump({"params": names[: FILES // 3], "stages": stages})
    for trees in (before, after):
        story.commit({**{name: written(name, each) for name, each in trees.items()}, "dvc.yaml": pipeline})
    theirs = json.loads(story.dvc("params", "diff", "--json", "HEAD~1", "HEAD"))
    expected = {
        (path, name): (plain_theirs(sides["old"]), plain_theirs(sides["new"]))
        for path, found in theirs.items()
        for name, sides in found.items()
    }
    rows = {(each.path, each.name): (plain(each.base), plain(each.head)) for each in compared(story).params}
    assert {key: row for key, row in rows.items() if row[0] != row[1]} == expected
    assert len(expected) > 2 * FILES


def keys_of(tree, chance):
    """Some dotted keys of a tree, of leaves and of what is above them."""
    found = []
    for key, value in tree.items():
        found += [f"{key}.{below}" for below in keys_of(value, chance)] if isinstance(value, dict) else [key]
        found += [key] if chance.random() < 0.2 else []
    return sorted(chance.sample(found, chance.randint(1, len(found))))


def written(name, tree):
    return json.dumps(tree) if name.endswith("json") else yaml.safe_dump(tree)


def plain_theirs(value):
    """DVC writes a list as Python would, and twice the length where two keys lead to it."""
    return ast.literal_eval(value)[:2] if isinstance(value, str) and value.startswith("[") else value


def ours(story):
    rows = {(each.path, each.name): as_dvc_would(each) for each in compared(story).values}
    return {key: row for key, row in rows.items() if row[0] != row[1]}


def compared(story, base="HEAD~1", head="HEAD"):
    environment = {"PATH": "/usr/bin:/bin"}
    process = ProcessRunner(environment)
    return diff(
        DiffRequest(
            config=Config(project="credit"),
            prefix="",
            context=RunContext(),
            git=GitCli(process, story.path, environment),
            files=FileTree(story.path),
            tables=PolarsTables(root=story.path),
            dvc=_NoDvc(),
            base=base,
            head=head,
        )
    )


def as_dvc_would(row):
    """Old, new and their difference, which DVC takes of doubles where ours is exact."""
    old, new = (None if side.kind is Kind.LIST else plain(side) for side in (row.base, row.head))
    if row.difference is None:
        return old, new, None
    assert float(row.difference) == pytest.approx(new - old, rel=1e-9)
    return old, new, new - old


def plain(value):
    if value.kind is Kind.NUMBER:
        return value.number
    if value.kind is Kind.LIST:
        return json.loads(value.text)
    return value.text if value.kind is Kind.TEXT else None


@pytest.mark.parametrize("seed", range(20))
def test_there_and_back_mirrors_and_nothing_differs_from_itself(tmp_path, seed):
    chance = random.Random(seed)
    story = repository(tmp_path / "work")
    one = {f"m{each}.json": tree(chance) for each in range(5)}
    other = {name: changed(each, chance) for name, each in one.items()}
    for trees in (one, other):
        texts = {name: json.dumps(each) for name, each in trees.items()}
        story.commit({**texts, "dvc.yaml": yaml.safe_dump({"metrics": sorted(texts)})})
    there, back = compared(story).values, compared(story, "HEAD", "HEAD~1").values
    assert compared(story, "HEAD", "HEAD").empty
    assert [(each.path, each.key) for each in there] == sorted((each.path, each.key) for each in there)
    assert [(each.path, each.key, each.head, each.base) for each in there] == [
        (each.path, each.key, each.base, each.head) for each in back
    ]


@pytest.mark.slow
def test_a_hundred_thousand_keys_take_seconds(tmp_path):
    story = repository(tmp_path / "work")
    for at in (0, 1):
        many = {f"a{one}": {f"b{two}": one * two + at + 0.5 for two in range(100)} for one in range(1_000)}
        story.commit({"m.json": json.dumps(many), "dvc.yaml": "metrics: [m.json]\n"})
    began = time.process_time()
    assert len(to_json(compared(story))) > 10_000_000
    assert time.process_time() - began < 5
