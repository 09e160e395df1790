"""What DVC executes, held against the plan: one random pipeline and one random change a seed.

`python -m tests.app.reality DIRECTORY FIRST COUNT` prints one JSON line a case. DVC works inside
this process, which spares its start a thousand times.
"""

import json
import logging
import os
import posixpath
import random
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import yaml

ITEMS = ("a", "b")


@dataclass
class Pipeline:
    """A pipeline as plain data, by directory; `sources` and `made` are what stages can read."""

    random: random.Random
    files: dict[str, dict] = field(default_factory=lambda: {".": {"stages": {}}})
    sources: list[str] = field(default_factory=list)
    made: list[str] = field(default_factory=list)

    def stages(self) -> list[tuple[str, str, dict]]:
        return [
            (home, name, stage)
            for home, document in self.files.items()
            for name, stage in document["stages"].items()
        ]


def pipeline(seed: int) -> Pipeline:
    """A random pipeline of two to six entries, over files, directories, tracked data and parameters."""
    chance = random.Random(seed)
    made = Pipeline(random=chance)
    made.sources = [
        "one.txt",
        "two.txt",
        "conf",
        "conf/x.txt",
        "data/raw.csv",
        "lake",
        "lake/deep",
        "lake/f0",
    ]
    if chance.random() < 0.4:
        made.files["sub"] = {"stages": {}}
    for number in range(chance.randint(2, 6)):
        _add_stage(made, number)
    return made


def _add_stage(made: Pipeline, number: int) -> None:
    chance = made.random
    home = chance.choice(list(made.files))
    name = f"s{number}"
    pool = made.sources + made.made * 3
    deps = chance.sample(pool, k=min(len(pool), chance.randint(1, 3)))
    deps = _without_overlaps(deps)
    kind = chance.choice(["plain", "plain", "plain", "foreach", "mapping", "matrix", "templated"])
    if home != "." and kind == "templated":
        kind = "plain"
    out = f"{name}.out" if chance.random() < 0.5 else f"{name}.dir"
    wdir = "w" if home == "." and kind == "plain" and chance.random() < 0.15 else "."
    base = posixpath.normpath(posixpath.join(home, wdir))
    relative = [posixpath.relpath(each, base) for each in deps]
    body: dict = {"deps": relative}
    if wdir != ".":
        body["wdir"] = wdir
    if used := _params(chance, base):
        body["params"] = used
    tokens = {"plain": name, "templated": name, "foreach": f"{name}@${{item}}", "mapping": f"{name}@${{key}}"}
    token = tokens.get(kind, f"{name}@${{item.u}}-${{item.v}}")
    place = out if kind in ("plain", "templated") else f"{token}.{out}"
    body["cmd"] = _command(relative, place, token, kind, chance)
    body["outs"] = [_flagged(place, chance)]
    if chance.random() < 0.05:
        body["always_changed"] = True
    made.files[home]["stages"][name] = _entry(body, kind)
    for each in _places(kind, name, out):
        where = posixpath.normpath(posixpath.join(base, each))
        made.made.append(where)
        if where.endswith(".dir"):
            made.made += [f"{where}/f0", f"{where}/deep"]


def _entry(body: dict, kind: str) -> dict:
    if kind == "foreach":
        return {"foreach": list(ITEMS), "do": body}
    if kind == "mapping":
        return {"foreach": {each: {"v": each} for each in ITEMS}, "do": body}
    if kind == "matrix":
        return {"matrix": {"u": list(ITEMS), "v": [1, 2]}, **body}
    return body


def _places(kind: str, name: str, out: str) -> list[str]:
    if kind in ("foreach", "mapping"):
        return [f"{name}@{each}.{out}" for each in ITEMS]
    if kind == "matrix":
        return [f"{name}@{u}-{v}.{out}" for u in ITEMS for v in (1, 2)]
    return [out]


def _without_overlaps(deps: list[str]) -> list[str]:
    kept: list[str] = []
    for each in dict.fromkeys(deps):
        if not any(each.startswith(f"{other}/") or other.startswith(f"{each}/") for other in kept):
            kept.append(each)
    return kept


def _params(chance: random.Random, base: str) -> list:
    up = posixpath.relpath(".", base)
    choices: list = [
        {posixpath.join(up, "params.yaml"): ["a.x"]},
        {posixpath.join(up, "params.yaml"): ["a", "b"]},
        {posixpath.join(up, "extra.json"): []},
        {posixpath.join(up, "extra.json"): ["k.deep.0"]},
        {posixpath.join(up, "more.toml"): ["t.one"]},
        {posixpath.join(up, "settings.py"): ["Train.rate"]},
    ]
    picked = chance.sample(choices, k=chance.choice([0, 0, 1, 2]))
    merged: dict[str, list] = {}
    for each in picked:
        for file, keys in each.items():
            merged[file] = [] if not keys or merged.get(file) == [] else [*merged.get(file, []), *keys]
    return [{posixpath.normpath(file): keys or None} for file, keys in merged.items()]


def _flagged(place: str, chance: random.Random) -> str | dict:
    if not place.endswith(".dir") and chance.random() < 0.2:
        return {place: {"cache": False}}
    return {place: {"persist": True}} if chance.random() < 0.1 else place


def _command(deps: list[str], place: str, token: str, kind: str, chance: random.Random) -> str | list:
    read = f"(find {' '.join(deps)} -type f | sort | xargs cat; echo {token})"
    tail = "echo ${b}; " if kind == "templated" else ""
    if place.endswith(".dir"):
        work = f"mkdir -p {place}/deep && {read} > {place}/f0 && echo {token} > {place}/deep/f1"
    else:
        work = f"{read} > {place}"
    log = f'{tail}echo {token} >> "$REALITY_LOG"'
    return [log, work] if chance.random() < 0.2 else f"{log}; {work}"


def write(made: Pipeline, root: Path) -> None:
    """The pipeline's files, and its sources."""
    for home, document in made.files.items():
        (root / home).mkdir(exist_ok=True)
        if document["stages"]:
            (root / home / "dvc.yaml").write_text(yaml.safe_dump(document, sort_keys=False))
    (root / "w").mkdir()
    (root / "w/keep").write_text("")
    for name in ("one.txt", "two.txt", "conf/x.txt", "conf/y.txt"):
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_text(name)
    for name in ("data/raw.csv", "lake/f0", "lake/deep/f1"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(name)
    (root / "params.yaml").write_text("a: {x: 1, y: 2}\nb: 3\nunused: 4\n")
    (root / "extra.json").write_text('{"k": {"deep": [1, 2]}, "l": 1.5}')
    (root / "more.toml").write_text('[t]\none = 1\ntwo = "x"\n')
    (root / "settings.py").write_text("class Train:\n    rate = 0.1\n    depth = 3\n")


def _replace(path: Path, old: str, new: str) -> None:
    path.write_text(path.read_text().replace(old, new))


def _rewrite(made: Pipeline, root: Path, edit: Callable[[str, dict], object]) -> None:
    """Edit one random stage that fits and write its file again."""
    home, name, stage = made.random.choice(made.stages())
    edit(name, stage.get("do", stage))
    (root / home / "dvc.yaml").write_text(yaml.safe_dump(made.files[home], sort_keys=False))


def _edit_command(name: str, body: dict) -> None:
    body["cmd"] = [*body["cmd"], "true"] if isinstance(body["cmd"], list) else f"{body['cmd']}; true"


def _drop_record(made: Pipeline, root: Path) -> None:
    locks = sorted(root.rglob("dvc.lock"))
    path = made.random.choice(locks)
    document = yaml.safe_load(path.read_text())
    del document["stages"][made.random.choice(sorted(document["stages"]))]
    path.write_text(yaml.safe_dump(document))


def _by_hand(made: Pipeline, root: Path) -> None:
    place = root / made.random.choice([each for each in made.made if "/" not in each.split(".dir")[-1]])
    if place.name.endswith(".dir"):
        place.mkdir(parents=True, exist_ok=True)
        (place / "f0").write_text("by hand")
    else:
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text("by hand")


CHANGES: dict[str, Callable[[Pipeline, Path], object]] = {
    "nothing": lambda made, root: None,
    "source": lambda made, root: (root / made.random.choice(["one.txt", "two.txt"])).write_text("changed"),
    "file in a source directory": lambda made, root: (root / "conf/x.txt").write_text("changed"),
    "another file in a source directory": lambda made, root: (root / "conf/new.txt").write_text("new"),
    "tracked data": lambda made, root: (root / "data/raw.csv").write_text("replaced"),
    "used parameter": lambda made, root: _replace(root / "params.yaml", "x: 1", "x: 9"),
    "parameter in a template": lambda made, root: _replace(root / "params.yaml", "b: 3", "b: 9"),
    "unused parameter": lambda made, root: _replace(root / "params.yaml", "unused: 4", "unused: 9"),
    "parameter removed": lambda made, root: _replace(root / "extra.json", ', "l": 1.5', ""),
    "parameter of JSON": lambda made, root: _replace(root / "extra.json", "[1, 2]", "[9, 2]"),
    "parameter of TOML": lambda made, root: _replace(root / "more.toml", "one = 1", "one = 2"),
    "parameter of Python": lambda made, root: _replace(root / "settings.py", "0.1", "0.2"),
    "command": lambda made, root: _rewrite(made, root, _edit_command),
    "new dependency": lambda made, root: _rewrite(
        made, root, lambda name, body: body["deps"].append("w/keep" if "wdir" not in body else "keep")
    ) if "sub" not in made.files else None,
    "dependency no longer declared": lambda made, root: _rewrite(
        made, root, lambda name, body: body["deps"].pop() if len(body["deps"]) > 1 else None
    ),
    "parameters no longer declared": lambda made, root: _rewrite(
        made, root, lambda name, body: body.pop("params", None)
    ),
    "lost record": _drop_record,
    "output by hand": _by_hand,
    "frozen": lambda made, root: (
        (root / "one.txt").write_text("changed"),
        _rewrite(made, root, lambda name, body: body.update(frozen=True)),
    ),
    "thawed": lambda made, root: (
        (root / "two.txt").write_text("changed"),
        [_replace(each, "frozen: true", "frozen: false") for each in root.rglob("dvc.yaml")],
    ),
}  # fmt: skip


def clean_clone(work: Path, clone: Path, made: Pipeline) -> None:
    """The work tree as Git would give it to somebody else: no cached output, no cache."""
    uncached = {each["path"] for each in _git_kept(work)}

    def leave(directory: str, names: list[str]) -> set[str]:
        home = posixpath.relpath(directory, work)
        paths = {each: posixpath.normpath(posixpath.join(home, each)) for each in names}
        return {
            each
            for each, path in paths.items()
            if path in (".dvc/cache", ".dvc/tmp", "data/raw.csv", "lake")
            or (path in made.made and path not in uncached)
        }

    shutil.copytree(work, clone, ignore=leave, symlinks=True)


def _git_kept(work: Path) -> Iterator[dict]:
    from dvc.repo import Repo

    with Repo(str(work)) as repo:
        for out in repo.index.outs:
            if not out.use_cache:
                yield {"path": posixpath.relpath(out.fs_path, work)}


def case(directory: Path, seed: int) -> dict:
    """Build, clone, change, plan, and let DVC do what it does."""
    from dvc.repo import Repo

    made = pipeline(seed)
    work, clone = directory / f"{seed}", directory / f"{seed}-clone"
    work.mkdir()
    write(made, work)
    log = directory / "log"
    os.environ["REALITY_LOG"] = str(log)
    os.chdir(work)
    with Repo.init(no_scm=True) as repo:
        with repo.config.edit() as config:
            config["remote"] = {"storage": {"url": str(directory / f"{seed}-remote")}}
            config["core"].update({"remote": "storage", "analytics": False})
        repo.add(["data/raw.csv", "lake"])
        problem = _repro(repo, work)
        assert not problem, (seed, problem)
        repo.push()
    _freeze(made, work)
    clean_clone(work, clone, made)
    name = made.random.choice(sorted(CHANGES))
    CHANGES[name](made, clone)
    log.write_text("")
    os.chdir(clone)
    with Repo() as repo:
        forecast = _planned(clone, repo)
        problem = _repro(repo, clone)
    ran = sorted(set(log.read_text().split()))
    os.chdir(directory)
    for each in (work, clone, directory / f"{seed}-remote"):
        shutil.rmtree(each)
    return {"seed": seed, "change": name, "ran": ran, "problem": problem, **forecast}


def _repro(repo, root: Path) -> str:
    from dvc.exceptions import DvcException

    try:
        repo.reproduce(all_pipelines=True, pull=True, on_error="keep-going")
    except DvcException as error:
        return str(error)
    return ""


def _freeze(made: Pipeline, root: Path) -> None:
    """Some stages become frozen after they ran: before, they could not."""
    for home, document in made.files.items():
        for stage in document["stages"].values():
            if made.random.random() < 0.08:
                stage.get("do", stage)["frozen"] = True
        if document["stages"]:
            (root / home / "dvc.yaml").write_text(yaml.safe_dump(document, sort_keys=False))


def _planned(root: Path, repo) -> dict:
    from mlci.adapters.clock import SystemClock
    from mlci.adapters.files import FileTree
    from mlci.adapters.progress import SilentProgress
    from mlci.adapters.worktree import LinkedTree
    from mlci.app.plan import Asked, Ground, plan

    files = FileTree(root)
    ground = Ground(
        root=files,
        project=files,
        tree=LinkedTree(root, caches=lambda: (root / ".dvc/cache",)),
        dvc=InProcess(repo),
        clock=SystemClock(),
        progress=SilentProgress(),
    )
    found = plan(ground, Asked(remote="storage", remember=False))
    return {
        "stale": sorted(_token(each.name) for each in found.stages if each.standing == "stale"),
        "runs": sorted(_token(each.name) for each in found.running),
        "frozen": sorted(_token(each.name) for each in found.stages if each.standing == "frozen"),
        "why": {
            _token(each.name): [f"{r.cause} {r.subject}" for r in each.reasons] for each in found.running
        },
    }


def _token(name: str) -> str:
    return name.rpartition(":")[2]


@dataclass
class InProcess:
    """DVC without its start."""

    repo: object

    def resolve(self, paths):
        from mlci.adapters.dvc_child import resolve

        return [json.dumps(each).encode() for each in resolve(self.repo, {"paths": paths})]

    def manifests(self, names, *, remote=None):
        from mlci.adapters.dvc_child import manifests

        found = manifests(self.repo, {"names": names, "remote": remote})
        return {name: content.encode() for name, content in found.items()}

    def not_in_remote(self, *, remote=None):
        return []


def main(directory: str, first: str, count: str) -> None:
    logging.disable(logging.CRITICAL)
    os.environ["DVC_NO_ANALYTICS"] = "1"
    answer = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what stages say is no answer
    for seed in range(int(first), int(first) + int(count)):
        answer.write(json.dumps(case(Path(directory), seed)) + "\n")
        answer.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
