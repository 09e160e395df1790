"""A random pipeline as plain data, and the files it begins with."""

import posixpath
import random
from dataclasses import dataclass, field
from pathlib import Path

import yaml

SOURCES = {
    "one.txt": "one",
    "two.txt": "two",
    "conf/x.txt": "x",
    "conf/y.txt": "y",
    "src/main.txt": "main",
    "src/deep/inner.txt": "inner",
    "vault/notes.txt": "notes beside tracked data",
    "w/keep": "",
    "sub/w/keep": "",
    "params.yaml": "a: {x: 1, y: 2}\nb: 3\nitems: [a, b]\nunused: 4\n",
    "sub/params.yaml": "a: {x: 5}\nb: 6\nitems: [c]\n",
    "extra.json": '{"k": {"deep": [1, 2]}, "l": 1.5}',
    "more.toml": '[t]\none = 1\ntwo = "x"\n',
    "settings.py": "class Train:\n    rate = 0.1\n    depth = 3\n",
    "words.yaml": "word: hello\nplaces: {first: one.txt}\n",
}
TRACKED = {
    "data/raw.csv": "raw",
    "lake/f0": "lake",
    "lake/deep/f1": "deep",
    "vault/part.csv": "tracked beside files of Git",
}
WHOLE = ("data/raw.csv", "lake", "vault/part.csv")
IMPORTED = {"got.txt": "frozen import", "moving.txt": "import that may move"}
READABLE = {
    "one.txt": 3, "two.txt": 3, "conf": 3, "conf/x.txt": 2, "src": 2, "src/deep": 2, "vault": 1,
    "data/raw.csv": 2, "lake": 1, "lake/deep": 1, "lake/f0": 1, "got.txt": 1, "moving.txt": 0.3,
}  # fmt: skip
ITEMS = ("a", "b")
SHARED = "shared"
KINDS = {
    "plain": 8, "templated": 2, "vars": 2, "foreach": 2, "mapping": 2, "records": 1, "matrix": 2,
    "foreach of parameters": 2, "matrix of parameters": 1,
}  # fmt: skip
_TOKENS = {
    "foreach": "{}@${{item}}",
    "foreach of parameters": "{}@${{item}}",
    "mapping": "{}@${{key}}",
    "records": "{}@${{item.v}}",
    "matrix": "{}@${{item.u}}-${{item.v}}",
    "matrix of parameters": "{}@${{item.u}}-${{item.v}}",
}
_ENDS = {
    "foreach": ITEMS,
    "foreach of parameters": ITEMS,
    "mapping": ITEMS,
    "records": ("0", "1"),
    "matrix": tuple(f"{u}-{v}" for u in ITEMS for v in (1, 2)),
    "matrix of parameters": tuple(f"{u}-1" for u in ITEMS),
}
# Where the files lie from which these kinds take their values.
_HOMES = {
    "vars": (".",),
    "templated": (".", "sub"),
    "foreach of parameters": (".", "sub"),
    "matrix of parameters": (".",),
}
_PARAMETERS = (
    ("params.yaml", ["a.x"]),
    ("params.yaml", ["a", "b"]),
    ("params.yaml", None),
    ("extra.json", None),
    ("extra.json", ["k.deep.0"]),
    ("more.toml", ["t.one"]),
    ("settings.py", ["Train.rate"]),
)


@dataclass
class Pipeline:
    """The `dvc.yaml` files by directory; `made` is what stages make, as far as others may read it."""

    random: random.Random
    files: dict[str, dict] = field(default_factory=dict)
    made: list[str] = field(default_factory=list)
    read: set[str] = field(default_factory=set)

    def reads(self, path: str) -> bool:
        """Whether any stage reads a path, something in it, or something around it."""
        return any(
            path == each or path.startswith(f"{each}/") or each.startswith(f"{path}/") for each in self.read
        )

    def stages(self) -> list[tuple[str, str, dict]]:
        return [
            (home, name, stage)
            for home, document in self.files.items()
            for name, stage in document["stages"].items()
        ]

    def write(self, root: Path) -> None:
        for home, document in self.files.items():
            (root / home).mkdir(parents=True, exist_ok=True)
            (root / home / "dvc.yaml").write_text(yaml.safe_dump(document, sort_keys=False))


def pipeline(seed: int) -> Pipeline:
    """A random pipeline of two to five entries, in one to three directories."""
    chance = random.Random(seed)
    made = Pipeline(random=chance)
    for home, odds in ((".", 1.0), ("sub", 0.4), ("sub/deep", 0.15)):
        if chance.random() < odds:
            made.files[home] = {"stages": {}}
    for number in range(chance.randint(2, 5)):
        _Entry(made, f"s{number}").add()
    for home in [each for each, document in made.files.items() if not document["stages"]]:
        del made.files[home]
    return made


class _Entry:
    """One entry under `stages:`."""

    def __init__(self, made: Pipeline, name: str) -> None:
        chance = made.random
        self.made, self.name, self.chance = made, name, chance
        self.home = chance.choice([".", *made.files])
        usable = [each for each in KINDS if self.home in _HOMES.get(each, (self.home,))]
        self.kind = chance.choices(usable, weights=[KINDS[each] for each in usable])[0]
        self.wdir = chance.choice(("w", "..") if self.home == "sub" else ("w",)) if self._once(0.12) else "."
        if self.home == "sub/deep" or self.kind != "plain":
            self.wdir = "."
        self.base = posixpath.normpath(posixpath.join(self.home, self.wdir))
        self.token = _TOKENS.get(self.kind, "{}").format(name)
        self.ends = _ENDS.get(self.kind)

    def add(self) -> None:
        deps = self._deps()
        self.made.read.update(deps)
        self.into_shared = self._once(0.15) and SHARED not in self.made.read and self.base == "."
        out = self._out() if not self._once(0.06) else None
        relative = [posixpath.relpath(each, self.base) for each in deps]
        if self.kind == "vars" and "one.txt" in relative:
            relative = ["${places.first}" if each == "one.txt" else each for each in relative]
        body: dict = {"wdir": self.wdir} if self.wdir != "." else {}
        body["cmd"] = self._command(relative, out)
        body |= {"deps": relative} if relative else {}
        if used := self._params():
            body["params"] = used
        if out is not None:
            self._declare(out, body)
        if self._once(0.05):
            body["always_changed"] = True
        if self.kind == "vars":
            self._add_vars(body)
        self.made.files[self.home]["stages"][self.name] = self._entry(body)
        if out is not None:
            self._offer(out)

    def _once(self, odds: float) -> bool:
        return self.chance.random() < odds

    def _deps(self) -> list[str]:
        weights = {**READABLE, **dict.fromkeys(self.made.made, 3)}
        if any(each.startswith(f"{SHARED}/") for each in self.made.made):
            weights[SHARED] = 12
        wanted = self.chance.choice((0, 1, 1, 2, 2, 3))
        found = self.chance.choices([*weights], weights=[*weights.values()], k=wanted)
        kept: list[str] = []
        for each in dict.fromkeys(found):
            if not any(each.startswith(f"{other}/") or other.startswith(f"{each}/") for other in kept):
                kept.append(each)
        return kept

    def _out(self) -> str:
        ending = self.chance.choice(("out", "out", "dir", "dir", "csv"))
        place = f"{self.token}.{ending}"
        return f"{SHARED}/{place}" if self.into_shared else place

    def _params(self) -> list:
        up = posixpath.relpath(".", self.base)
        merged: dict[str, list | None] = {}
        for file, keys in self.chance.sample(_PARAMETERS, k=self.chance.choice((0, 0, 1, 2))):
            known = merged.get(file, [])
            merged[file] = None if keys is None or known is None else [*known, *keys]
        return [{posixpath.normpath(posixpath.join(up, file)): keys} for file, keys in merged.items()]

    def _command(self, deps: list[str], out: str | None) -> str | list:
        said = {"templated": "echo ${b} ${a} ; ", "vars": "echo ${word} ${mark} ${own} ; "}.get(self.kind, "")
        log = f'{said}echo {self.token} >> "$REALITY_LOG"'
        if out is None:
            return log
        read = f"find {' '.join(deps)} -type f | sort | xargs cat; " if deps else ""
        read = f"({read}echo {self.token})"
        work = f"{read} > {out}"
        if out.endswith(".dir"):
            work = f"mkdir -p {out}/deep && {read} > {out}/f0 && echo {self.token} > {out}/deep/f1"
        elif self.into_shared:
            work = f"mkdir -p {SHARED} && {work}"
        return [log, work] if self._once(0.2) else f"{log}; {work}"

    def _declare(self, out: str, body: dict) -> None:
        flags = {"cache": False} if not out.endswith(".dir") and self._once(0.2) else {}
        flags |= {"persist": True} if self._once(0.1) else {}
        kept = flags.get("cache", True)
        flags |= {"push": False} if kept and self._once(0.04) else {}
        key = "metrics" if out.endswith(".csv") and self._once(0.5) else "outs"
        if key == "outs" and out.endswith(".csv"):
            key = "plots"
        flags = {each: value for each, value in flags.items() if key == "outs" or each != "push"}
        body[key] = [{out: flags} if flags else out]

    def _add_vars(self, body: dict) -> None:
        body["vars"] = [{"own": 7}]
        self.made.files[self.home].setdefault("vars", ["words.yaml", {"mark": "m1"}])

    def _entry(self, body: dict) -> dict:
        match self.kind:
            case "foreach":
                return {"foreach": list(ITEMS), "do": body}
            case "foreach of parameters":
                return {"foreach": "${items}", "do": body}
            case "mapping":
                return {"foreach": {each: {"v": each} for each in ITEMS}, "do": body}
            case "records":
                return {"foreach": [{"v": each} for each in _ENDS["records"]], "do": body}
            case "matrix":
                return {"matrix": {"u": list(ITEMS), "v": [1, 2]}, **body}
            case "matrix of parameters":
                return {"matrix": {"u": "${items}", "v": [1]}, **body}
        return body

    def _offer(self, out: str) -> None:
        ends = self.ends
        if self.kind == "foreach of parameters" and self.home == "sub":
            ends = ("c",)
        for each in (None,) if ends is None else ends:
            place = out if each is None else out.replace(self.token, f"{self.name}@{each}")
            where = posixpath.normpath(posixpath.join(self.base, place))
            self.made.made.append(where)
            if where.endswith(".dir"):
                self.made.made += [f"{where}/f0", f"{where}/deep"]


def write_sources(root: Path) -> None:
    """What Git and DVC keep before the first stage runs."""
    for name, content in {**SOURCES, **TRACKED}.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(content)
