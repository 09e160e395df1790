"""What may happen between a pipeline's last run and the next: each change is a function of a clone."""

import posixpath
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import yaml

from tests.app.reality.pipeline import WHOLE, Pipeline


@dataclass
class Scene:
    """A pipeline, where it ran (`work`), the `clone` that changes, and what `dvc add` would do in `work`."""

    made: Pipeline
    work: Path
    clone: Path
    storage: Path
    outside: Path
    add: Callable[[str], None]

    @property
    def chance(self):
        return self.made.random

    def text(self, path: str, content: str) -> None:
        (self.clone / path).parent.mkdir(parents=True, exist_ok=True)
        (self.clone / path).write_text(content)

    def replace(self, path: str, old: str, new: str) -> None:
        target = self.clone / path
        if target.exists():
            target.write_text(target.read_text().replace(old, new))

    def body(self) -> tuple[str, dict]:
        home, _, stage = self.chance.choice(self.made.stages())
        return home, stage.get("do", stage)

    def edit(self, edit: Callable[[str, dict], object]) -> None:
        home, body = self.body()
        edit(posixpath.normpath(posixpath.join(home, body.get("wdir", "."))), body)
        self.made.write(self.clone)

    def locks(self) -> list[Path]:
        return sorted(self.clone.rglob("dvc.lock"))


def _append_to_command(base: str, body: dict) -> None:
    body["cmd"] = [*body["cmd"], "true"] if isinstance(body["cmd"], list) else f"{body['cmd']}; true"


def _say_the_same_otherwise(scene: Scene) -> None:
    for home, document in scene.made.files.items():
        document["stages"] = dict(reversed(document["stages"].items()))
        for stage in document["stages"].values():
            stage.get("do", stage)["desc"] = "the same, described"
        text = yaml.safe_dump(document, sort_keys=True)
        (scene.clone / home / "dvc.yaml").write_text(f"# the same\n{text}")


def _drop_record(scene: Scene) -> None:
    if scene.locks():
        path = scene.chance.choice(scene.locks())
        document = yaml.safe_load(path.read_text())
        if document["stages"]:
            del document["stages"][scene.chance.choice(sorted(document["stages"]))]
        path.write_text(yaml.safe_dump(document))


def _drop_output_record(scene: Scene) -> None:
    """As a merge does that keeps the wrong half."""
    for path in scene.locks():
        document = yaml.safe_load(path.read_text())
        stages = [each for each in document["stages"].values() if each.get("outs")]
        if stages:
            scene.chance.choice(stages)["outs"].pop()
            path.write_text(yaml.safe_dump(document))
            return


def _as_dvc_2_wrote_it(scene: Scene) -> None:
    """One lock, or one stage of it, says no `hash: md5`."""
    for path in scene.locks():
        document = yaml.safe_load(path.read_text())
        names = sorted(document["stages"])
        for name in names if scene.chance.random() < 0.5 else names[:1]:
            for kind in ("deps", "outs"):
                for each in document["stages"][name].get(kind, ()):
                    each.pop("hash", None)
        path.write_text(yaml.safe_dump(document))
    for each in (scene.storage / "files/md5").glob("??"):
        shutil.copytree(each, scene.storage / each.name, dirs_exist_ok=True)


def _output(scene: Scene) -> Path | None:
    whole = [each for each in scene.made.made if "/" not in each.split(".dir")[-1]]
    return scene.clone / scene.chance.choice(whole) if whole else None


def _by_hand(scene: Scene) -> None:
    place = _output(scene)
    if place is not None and place.name.endswith(".dir"):
        scene.text(f"{place}/f0", "by hand")
    elif place is not None:
        scene.text(str(place), "by hand")


def _remove_output(scene: Scene) -> None:
    place = _output(scene)
    if place is not None and place.is_dir():
        shutil.rmtree(place)
    elif place is not None:
        place.unlink(missing_ok=True)


def _remove_from_storage(scene: Scene) -> None:
    objects = sorted(scene.storage.glob("files/md5/??/*"))
    scene.chance.choice(objects).unlink()


def _update_data(scene: Scene, path: str, content: str) -> None:
    """Somebody changed tracked data, added it again, pushed it and committed the `*.dvc` file."""
    whole = next(each for each in WHOLE if path == each or path.startswith(f"{each}/"))
    if not (scene.work / f"{whole}.dvc").exists():
        return
    (scene.work / path).unlink()
    (scene.work / path).write_text(content)
    scene.add(whole)
    shutil.copy(scene.work / f"{whole}.dvc", scene.clone / f"{whole}.dvc")


def _remove_stage(scene: Scene) -> None:
    home, name, _ = scene.chance.choice(scene.made.stages())
    if len(scene.made.files[home]["stages"]) > 1:
        del scene.made.files[home]["stages"][name]
    scene.made.write(scene.clone)


def _rename_stage(scene: Scene) -> None:
    home, name, stage = scene.chance.choice(scene.made.stages())
    if "do" not in stage and "matrix" not in stage:
        stages = scene.made.files[home]["stages"]
        scene.made.files[home]["stages"] = {
            f"{name}new" if each == name else each: body for each, body in stages.items()
        }
    scene.made.write(scene.clone)


def _flip_cache(base: str, body: dict) -> None:
    for key in ("outs", "metrics", "plots"):
        for each in body.get(key, ()):
            if isinstance(each, dict):
                for flags in each.values():
                    flags["cache"] = not flags.get("cache", True)


def _freeze(scene: Scene) -> None:
    scene.text("one.txt", "changed")
    scene.edit(lambda base, body: body.update(frozen=True))


def _thaw(scene: Scene) -> None:
    scene.text("two.txt", "changed")
    for _, _, stage in scene.made.stages():
        stage.get("do", stage).pop("frozen", None)
    scene.made.write(scene.clone)


def _depend_on_more(base: str, body: dict) -> None:
    body.setdefault("deps", []).append(posixpath.relpath("w/keep", base))


def _depend_on_less(base: str, body: dict) -> None:
    if body.get("deps"):
        body["deps"].pop()


def _use_more_parameters(base: str, body: dict) -> None:
    body.setdefault("params", []).append({posixpath.relpath("params.yaml", base): ["unused"]})


CHANGES: dict[str, Callable[[Scene], object]] = {
    "nothing": lambda scene: None,
    "source": lambda scene: scene.text(scene.chance.choice(["one.txt", "two.txt"]), "changed"),
    "source touched": lambda scene: (scene.clone / "one.txt").touch(),
    "source executable": lambda scene: (scene.clone / "one.txt").chmod(0o755),
    "source removed": lambda scene: (scene.clone / "two.txt").unlink(missing_ok=True),
    "source renamed": lambda scene: shutil.move(scene.clone / "one.txt", scene.clone / "three.txt"),
    "file in a directory": lambda scene: scene.text("conf/x.txt", "changed"),
    "file deep in a directory": lambda scene: scene.text("src/deep/inner.txt", "changed"),
    "another file in a directory": lambda scene: scene.text("conf/new.txt", "new"),
    "empty directory in a directory": lambda scene: (scene.clone / "conf/empty").mkdir(exist_ok=True),
    "file in a directory removed": lambda scene: (scene.clone / "conf/y.txt").unlink(missing_ok=True),
    "file in a directory renamed": lambda scene: shutil.move(
        scene.clone / "src/main.txt", scene.clone / "src/prime.txt"
    ),
    "file beside tracked data": lambda scene: scene.text("vault/notes.txt", "changed"),
    "tracked data by hand": lambda scene: scene.text("data/raw.csv", "replaced"),
    "tracked data updated": lambda scene: _update_data(scene, "data/raw.csv", "updated"),
    "tracked directory updated": lambda scene: _update_data(scene, "lake/f0", "updated"),
    "tracked file in a directory updated": lambda scene: _update_data(scene, "vault/part.csv", "updated"),
    "tracked data no longer": lambda scene: (scene.clone / "data/raw.csv.dvc").unlink(missing_ok=True),
    "import moved": lambda scene: [each.write_text("moved on") for each in scene.outside.iterdir()],
    "used parameter": lambda scene: scene.replace("params.yaml", "x: 1", "x: 9"),
    "parameter of a template": lambda scene: scene.replace("params.yaml", "b: 3", "b: 9"),
    "parameter of a subdirectory": lambda scene: scene.replace("sub/params.yaml", "b: 6", "b: 9"),
    "unused parameter": lambda scene: scene.replace("params.yaml", "unused: 4", "unused: 9"),
    "parameter removed": lambda scene: scene.replace("extra.json", ', "l": 1.5', ""),
    "parameter null": lambda scene: scene.replace("params.yaml", "x: 1", "x: null"),
    "parameter as text": lambda scene: scene.replace("params.yaml", "x: 1", "x: '1'"),
    "parameter as float": lambda scene: scene.replace("params.yaml", "x: 1", "x: 1.0"),
    "parameter as truth": lambda scene: scene.replace("more.toml", "one = 1", "one = true"),
    "parameter of JSON": lambda scene: scene.replace("extra.json", "[1, 2]", "[9, 2]"),
    "parameter of TOML": lambda scene: scene.replace("more.toml", "one = 1", "one = 2"),
    "parameter of Python": lambda scene: scene.replace("settings.py", "0.1", "0.2"),
    "parameters file removed": lambda scene: (scene.clone / "more.toml").unlink(missing_ok=True),
    "item more": lambda scene: scene.replace("params.yaml", "[a, b]", "[a, b, c]"),
    "item less": lambda scene: scene.replace("params.yaml", "[a, b]", "[a]"),
    "vars of a file": lambda scene: scene.replace("words.yaml", "hello", "goodbye"),
    "vars of the pipeline": lambda scene: scene.replace("dvc.yaml", "mark: m1", "mark: m2"),
    "command": lambda scene: scene.edit(_append_to_command),
    "the same said otherwise": _say_the_same_otherwise,
    "new dependency": lambda scene: scene.edit(_depend_on_more),
    "dependency no longer declared": lambda scene: scene.edit(_depend_on_less),
    "new parameter": lambda scene: scene.edit(_use_more_parameters),
    "parameters no longer declared": lambda scene: scene.edit(lambda base, body: body.pop("params", None)),
    "cache of an output": lambda scene: scene.edit(_flip_cache),
    "stage removed": _remove_stage,
    "stage renamed": _rename_stage,
    "lock removed": lambda scene: [each.unlink() for each in scene.locks()[:1]],
    "lost record": _drop_record,
    "lost record of an output": _drop_output_record,
    "lock of DVC 2": _as_dvc_2_wrote_it,
    "output by hand": _by_hand,
    "output removed": _remove_output,
    "object lost": _remove_from_storage,
    "frozen": _freeze,
    "thawed": _thaw,
}  # fmt: skip
