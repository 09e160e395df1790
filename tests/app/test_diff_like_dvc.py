"""The values of a diff are those of `dvc metrics diff --json` and `dvc params diff --json`, defects apart.

DVC drops lists and nulls of metrics, repeats a list that two keys of `params:` lead to, takes a missing
parameter for a null one, subtracts doubles, and joins names by dots; nothing else may differ.
`MLCI_TREES` says how many pairs of files are compared by each test.
"""

import ast
import json
import os
import random
import subprocess
import sys
import time
from itertools import pairwise

import pytest
import yaml

from mlci.adapters.files import FileTree
from mlci.adapters.git import GitCli
from mlci.adapters.process import ProcessRunner
from mlci.adapters.tables import PolarsTables
from mlci.app.diff import DiffRequest, diff
from mlci.core.config import Config
from mlci.core.context import RunContext
from mlci.core.diff.json import to_json
from mlci.core.diff.values import Kind
from tests.support.repository import repository

FILES = 40
TREES = int(os.environ.get("MLCI_TREES", "800"))


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
    commits = history(story, chance, lambda names, _: {"metrics": names})
    seen = 0
    for (base, head), theirs in zip(pairwise(commits), answers(story, "metrics", commits), strict=True):
        expected = {
            (path, name): (sides.get("old"), sides.get("new"), sides.get("diff"))
            for path, found in theirs.items()
            for name, sides in found.items()
        }
        assert ours(story, base, head) == moved(expected)
        seen += len(expected)
    assert seen > TREES


@pytest.mark.slow
@pytest.mark.parametrize("seed", [3, 4])
def test_parameters_are_dvcs(tmp_path, seed):
    chance = random.Random(seed)
    story = repository(tmp_path / "work").with_dvc()
    commits = history(story, chance, lambda names, trees: used(names, trees, chance))
    seen = 0
    for (base, head), theirs in zip(pairwise(commits), answers(story, "params", commits), strict=True):
        expected = {
            (path, name): (plain_theirs(sides["old"]), plain_theirs(sides["new"]))
            for path, found in theirs.items()
            for name, sides in found.items()
        }
        told = compared(story, base, head).params
        rows = {(each.path, each.name): (plain(each.base), plain(each.head)) for each in told}
        assert moved(rows) == moved(expected)
        seen += len(expected)
    assert seen > TREES


def history(story, chance, declared):
    """Commits whose files change, come, go and begin anew; the last commit has none of them."""
    names = [f"m{each}.{chance.choice(['json', 'yaml'])}" for each in range(FILES)]
    trees = {name: tree(chance) for name in names}
    commits = []
    for _ in range(TREES // FILES + 1):
        there = [name for name in names if chance.random() > 0.05]
        files = {name: written(name, trees[name]) if name in there else None for name in names}
        # A file that is declared and is not there is no reason to be silent about the others.
        said = sorted({*there, chance.choice(names)})
        commits.append(story.commit({**files, "dvc.yaml": yaml.safe_dump(declared(said, trees))}).head)
        trees = {
            name: tree(chance) if chance.random() < 0.1 else changed(each, chance)
            for name, each in trees.items()
        }
    # DVC looks at the work tree too, whatever two commits it is asked about.
    story.commit({**dict.fromkeys(names), "dvc.yaml": None})
    return commits


def used(names, trees, chance):
    """A pipeline that takes all of some files, and of the others the keys that two stages name."""
    whole = [name for name in names if chance.random() < 0.3]
    stages = {
        f"s{at}": {"cmd": "true", "params": [{name: keys_of(trees[name], chance)}]}
        for name in names
        if name not in whole
        for at in (f"{name}-a".replace(".", "-"), f"{name}-b".replace(".", "-"))
    }
    return {"params": whole, "stages": stages}


def answers(story, kind, commits):
    """What DVC says of each two commits that follow one another, asked in one child."""
    said = subprocess.run(
        [sys.executable, "-c", ASKING, kind, *commits],
        cwd=story.path,
        env={**os.environ, "DVC_NO_ANALYTICS": "1"},
        capture_output=True,
        check=True,
    )
    return json.loads(said.stdout)


ASKING = """
import itertools, json, sys
from dvc.repo import Repo

with Repo() as repo:
    diff = getattr(repo, sys.argv[1]).diff
    found = [diff(*each).get("diff", {}) for each in itertools.pairwise(sys.argv[2:])]
json.dump(found, sys.stdout)
"""


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


def ours(story, base, head):
    rows = {(each.path, each.name): as_dvc_would(each) for each in compared(story, base, head).values}
    return moved(rows)


def moved(rows):
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
    same = compared(story, "HEAD", "HEAD")
    assert (same.values, same.params, same.files, same.stages) == ((), (), (), ())
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
