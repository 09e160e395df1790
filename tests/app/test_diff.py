"""`diff` on real repositories: declared values, predictions by hash, verdicts, red states."""

import hashlib
import io
import json

import numpy as np
import polars as pl
import pytest
import yaml
from msgspec.structs import replace

from mlci.adapters.files import FileTree
from mlci.adapters.git import GitCli
from mlci.adapters.process import ProcessRunner
from mlci.adapters.tables import PolarsTables
from mlci.adapters.user_python import UserEnvironment
from mlci.app.bundle import write_flips
from mlci.app.diff import DiffRequest, compared, diff
from mlci.core.config import Columns, Config, Direction, Margin, Model, Objective, ReportSettings, Rows, Task
from mlci.core.context import RunContext, Trigger
from mlci.core.diff import Inside, MetricVerdict, Move, Occasion
from mlci.core.diff.findings import findings
from mlci.core.diff.json import from_json, to_json
from mlci.core.diff.values import Kind
from mlci.core.finding import Status
from mlci.core.yaml.tree import parse
from mlci.errors import ConfigError, UsageError
from mlci.ports.process import Finished
from tests.support.decided import blocks
from tests.support.repository import repository

DROP = Margin(value=0.02)
F1 = Objective(metric="f1", at_least=0.6, may_drop=DROP)
PREDICTIONS = "reports/predictions.parquet"
INCOME = Model(name="income", path="models/income.skops", task=Task.BINARY, predictions=PREDICTIONS)
CONFIG = Config(project="credit", models={"income": INCOME}, objectives=(F1,))
PIPELINE = {
    "stages": {
        "train": {
            "cmd": "python train.py",
            "deps": ["data.csv"],
            "params": ["lr"],
            "outs": ["models/income.skops"],
        },
        "evaluate": {
            "cmd": "python evaluate.py",
            "outs": [PREDICTIONS],
            "metrics": [{"metrics.json": {"cache": False}}],
        },
    }
}


class Cache:
    """DVC as far as a diff asks it: where its cache lies, and a remote that has nothing."""

    def __init__(self, path):
        self.path = path
        self.asked = []

    def cache_dir(self):
        return self.path

    def remotes(self):
        return ["storage"]

    def default_remote(self):
        return "storage"

    def is_near(self, remote):
        return False

    def unreadable(self, remote):
        return None

    def absent(self, names, *, remote=None):
        return names

    def get(self, path, revision, destination, *, remote=None):
        self.asked.append((path, revision))
        return Finished(argv=("dvc",), code=1, stdout=b"", stderr=b"no", seconds=0.0)


def predictions(*, skill=0.7, rows=1_000, seed=0, start=0):
    rng = np.random.default_rng(1)
    truth = rng.integers(0, 2, rows)
    lucky = np.random.default_rng(seed).random(rows)
    label = np.where(lucky < skill, truth, 1 - truth)
    frame = pl.DataFrame(
        {"id": np.arange(start, start + rows), "y_true": truth, "y_pred": label, "y_score": label * 0.6 + 0.2}
    )
    buffer = io.BytesIO()
    frame.write_parquet(buffer)
    return buffer.getvalue()


class Place:
    """A repository whose outputs lie in a cache, and the request to compare with."""

    def __init__(self, tmp_path):
        self.story = repository(tmp_path / "work")
        self.cache = Cache(tmp_path / "cache")
        self.story.write({".gitignore": "reports/\nmodels/\n"})

    def commit(
        self,
        *,
        metrics='{"auc": 0.7}',
        lr=0.1,
        predicted=None,
        at=PREDICTIONS,
        data="1",
        model="m",
        own=None,
    ):
        """Commit the pipeline, its lock and what it made; `own` is the `mlci.yaml` of that commit."""
        content = predictions() if predicted is None else predicted
        outs = {"models/income.skops": model.encode(), at: content}
        for each in outs.values():
            self.keep(each)
        lock = {
            "schema": "2.0",
            "stages": {
                "train": {
                    "cmd": "python train.py",
                    "deps": [recorded("data.csv", data.encode())],
                    "params": {"params.yaml": {"lr": lr}},
                    "outs": [recorded("models/income.skops", outs["models/income.skops"])],
                },
                "evaluate": {
                    "cmd": "python evaluate.py",
                    "outs": [recorded(at, content)],
                },
            },
        }
        files = {
            "dvc.yaml": yaml.safe_dump(PIPELINE).replace(PREDICTIONS, at),
            "dvc.lock": yaml.safe_dump(lock),
            "params.yaml": f"lr: {lr}\n",
            "metrics.json": metrics,
        }
        self.story.commit(files | {"mlci.yaml": own})
        return self.story.head

    def keep(self, content):
        name = hashlib.md5(content).hexdigest()
        place = self.cache.path / "files" / "md5" / name[:2] / name[2:]
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
        return place

    def request(self, base=None, head=None, *, config=CONFIG, context=None, **more):
        environment = {"PATH": "/usr/bin:/bin"}
        process = ProcessRunner(environment)
        user = UserEnvironment(process, self.story.path, environment)
        return DiffRequest(
            config=config,
            prefix="",
            context=context or RunContext(),
            git=GitCli(process, self.story.path, environment),
            files=FileTree(self.story.path),
            tables=PolarsTables(root=self.story.path),
            dvc=self.cache,
            user_python=lambda: user,
            base=base,
            head=head,
            **more,
        )

    def diff(self, base=None, head=None, **more):
        return diff(self.request(base, head, **more))


def recorded(path, content):
    return {"path": path, "hash": "md5", "md5": hashlib.md5(content).hexdigest(), "size": len(content)}


@pytest.fixture
def place(tmp_path):
    return Place(tmp_path)


def metric(found, name="f1"):
    (row,) = [each for each in found.metrics if each.metric == name]
    return row


def test_a_real_improvement_is_called_one(place):
    base, head = place.commit(), place.commit(predicted=predictions(skill=0.9, seed=1), model="n")
    found = place.diff(base, head)
    row = metric(found)
    assert row.verdict is MetricVerdict.IMPROVED
    assert row.n == 1_000
    (pairing,) = found.pairings
    assert pairing.flipped == pairing.lost + pairing.won > 100
    assert [each.metric for each in found.metrics] == ["f1", "accuracy", "roc_auc"]
    assert not blocks(found, Occasion.PROMOTION)
    assert from_json(to_json(found)) == found


SLICED = replace(
    CONFIG,
    models={"income": replace(INCOME, test="test.csv")},
    gates={"model": parse(b"slices: [region, [region, sex]]", name="mlci.yaml")},
)


def people(rows=1_000, north=20):
    """Test rows: a small north, and a sex for each."""
    lines = [f"{each},{'north' if each < north else 'south'},{'FM'[each % 2]}" for each in range(rows)]
    return "\n".join(["id,region,sex", *reversed(lines)])


def sliced(found, name):
    return {each.subject: each for each in found.metrics if each.subject and each.metric == name}


def test_slices_are_compared_apart_and_gate_nothing(place):
    place.story.write({"test.csv": people()})
    base, head = place.commit(), place.commit(predicted=predictions(skill=0.4))
    found = place.diff(base, head, config=SLICED)
    rows = sliced(found, "f1")
    assert list(rows) == [
        "region=north", "region=south", "region=north,sex=F", "region=north,sex=M",
        "region=south,sex=F", "region=south,sex=M",
    ]  # fmt: skip
    assert rows["region=south"].verdict is MetricVerdict.REGRESSED
    assert (rows["region=south"].n, rows["region=south"].margin) == (980, 0.02)
    assert rows["region=north"].verdict is MetricVerdict.INSUFFICIENT
    assert not any(each.gated or each.floors for each in rows.values())
    assert from_json(to_json(found)) == found


def test_the_slices_of_a_commit_come_from_that_commit(place):
    place.story.write({"test.csv": people(north=500)})
    base, head = place.commit(), place.commit(predicted=predictions(seed=2))
    place.story.commit({"test.csv": people(north=0)})
    assert sliced(place.diff(base, head, config=SLICED), "f1")["region=north"].n == 500


def test_slices_that_cannot_be_joined_are_a_note(place):
    place.story.write({"test.csv": people(rows=10)})
    base, head = place.commit(), place.commit(predicted=predictions(seed=2))
    found = place.diff(base, head, config=SLICED)
    assert not sliced(found, "f1")
    assert "990 of 1000 predictions have an id that is not in test.csv" in found.notes[0]


def test_noise_is_not_called_a_drop_and_a_drop_is(place):
    base = place.commit()
    noise, drop = place.commit(predicted=predictions(seed=5)), place.commit(predicted=predictions(skill=0.5))
    assert metric(place.diff(base, noise)).verdict is not MetricVerdict.REGRESSED
    found = place.diff(base, drop)
    assert metric(found).verdict is MetricVerdict.REGRESSED
    assert blocks(found, Occasion.PULL_REQUEST)


def test_fewer_than_thirty_of_a_class_decide_nothing(place):
    base = place.commit(predicted=predictions(rows=50))
    head = place.commit(predicted=predictions(rows=50, skill=0.0))
    row = metric(found := place.diff(base, head), "f1")
    assert row.verdict is MetricVerdict.INSUFFICIENT
    assert row.floors[0].status.value == "missed"
    assert metric(found, "roc_auc").verdict is MetricVerdict.INSUFFICIENT
    assert metric(found, "accuracy").note == "likely worse"


def test_a_commit_does_not_differ_from_itself(place):
    commit = place.commit()
    found = place.diff(commit, commit)
    assert (found.values, found.params, found.files, found.stages) == ((), (), (), ())
    assert not any(each.difference for each in found.metrics)
    assert metric(found).verdict is MetricVerdict.WITHIN_MARGIN
    assert to_json(found) == to_json(place.diff(commit, commit))


def test_values_files_and_stages_that_changed_are_told(place):
    base = place.commit(metrics='{"auc": 0.70, "old": 1, "tags": [1]}')
    head = place.commit(metrics='{"auc": 0.75, "new": null, "tags": [2]}', lr=0.2, data="2", model="n")
    found = place.diff(base, head)
    moves = {each.name: (each.move, each.base.kind, each.head.kind) for each in found.values}
    assert moves == {
        "auc": (Move.CHANGED, Kind.NUMBER, Kind.NUMBER),
        "new": (Move.ADDED, Kind.MISSING, Kind.NULL),
        "old": (Move.REMOVED, Kind.NUMBER, Kind.MISSING),
        "tags": (Move.CHANGED, Kind.LIST, Kind.LIST),
    }
    assert [(each.path, each.name, each.head.text) for each in found.params] == [("params.yaml", "lr", "0.2")]
    assert [(each.path, each.artifact.value) for each in found.files] == [
        ("data.csv", "data"),
        ("models/income.skops", "model"),
    ]
    assert [(each.name, each.because) for each in found.stages] == [("train", ("params.yaml:lr", "data.csv"))]


def test_what_was_renamed_is_one_row(place):
    named = replace(
        CONFIG,
        report=ReportSettings(renamed={"metrics.json#/auc": "metrics.json#/test/roc_auc"}),
        objectives=(
            Objective(
                metric="auc", source="metrics.json#/test/roc_auc", may_drop=Margin(value=0.1), exact=True
            ),
        ),
    )
    base = place.commit(metrics='{"auc": 0.7}')
    head, same = (place.commit(metrics=f'{{"test": {{"roc_auc": {each}}}}}') for each in (0.8, 0.7))
    (row,) = place.diff(base, head, config=named).values
    assert (row.name, row.was, row.move, str(row.difference)) == (
        "test.roc_auc", "metrics.json:auc", Move.CHANGED, "0.1",
    )  # fmt: skip
    (row,) = place.diff(base, same, config=named).values
    assert row.move is Move.RENAMED
    found = place.diff(base, head, config=named)
    assert metric(found, "auc").base == 0.7
    assert from_json(to_json(found)) == found
    assert len(place.diff(base, head).values) == 2


@pytest.mark.parametrize(
    ("now", "problem", "advice"),
    [
        (
            '{"test": {"roc_auc": 0.8}, "f1": 1}',
            "metrics.json#/auc is missing, and is called metrics.json#/test/roc_auc now",
            "`from: metrics.json#/test/roc_auc` in the objective, as `report.renamed` in mlci.yaml has it",
        ),
        ('{"f1": 1, "f2": 2}', "metrics.json#/auc is missing", ""),
        ('{"auc": null, "test": {"roc_auc": 0.8}}', "metrics.json#/auc is null", ""),
    ],
)
def test_an_objective_with_the_old_name_is_told_the_one_that_the_renames_have(place, now, problem, advice):
    named = replace(
        CONFIG,
        report=ReportSettings(renamed={"metrics.json#/auc": "metrics.json#/test/roc_auc"}),
        objectives=(
            Objective(metric="auc", source="metrics.json#/auc", may_drop=Margin(value=0.1), exact=True),
        ),
    )
    base, head = place.commit(metrics='{"auc": 0.7}'), place.commit(metrics=now)
    row = metric(place.diff(base, head, config=named), "auc")
    assert (row.problem, row.advice) == (problem, advice)


def test_of_a_params_file_the_keys_that_stages_use_are_told(place):
    stages = {
        "one": {
            "cmd": "x",
            "params": ["lr", {"conf/other.json": ["a", "deep.*.x"]}, {"conf/all.toml": None}],
        },
        "two": {"cmd": "x", "params": [{"conf/other.json": ["b"]}, {"params.py": ["Net.width"]}]},
        "each": {"foreach": ["p", "q"], "do": {"cmd": "x", "params": [{"conf/each.json": ["${item}"]}]}},
    }

    def written(at):
        other = {"a": at, "b": at, "c": at, "deep": {"k": {"x": at, "y": at}}}
        lock = {"schema": "2.0", "stages": {"each@p": {"cmd": "x", "params": {"conf/each.json": {"p": at}}}}}
        return {
            "dvc.yaml": yaml.safe_dump({"stages": stages, "params": ["conf/top.yaml"]}),
            "dvc.lock": yaml.safe_dump(lock),
            "params.yaml": f"lr: {at}\nunused: {at}\n",
            "params.py": f"class Net:\n    width = {at}\n    depth: int = {at}\n",
            "conf/other.json": json.dumps(other),
            "conf/all.toml": f"[x]\ny = {at}\n",
            "conf/each.json": json.dumps({"p": at, "q": at}),
            "conf/top.yaml": f"t: {at}\n",
        }

    base, head = (place.story.commit(written(at)).head for at in (1, 2))
    assert [(each.path, each.name) for each in place.diff(base, head).params] == [
        ("conf/all.toml", "x.y"),
        ("conf/each.json", "p"),
        ("conf/other.json", "a"),
        ("conf/other.json", "b"),
        ("conf/other.json", "deep.k.x"),
        ("conf/top.yaml", "t"),
        ("params.py", "Net.width"),
        ("params.yaml", "lr"),
        ("params.yaml", "unused"),
    ]


def test_metrics_that_dvc_caches_are_read_from_its_cache(place):
    def commit(auc):
        content = json.dumps({"auc": auc}).encode()
        place.keep(content)
        out = recorded("cached.json", content)
        pipeline = {"stages": {"s": {"cmd": "x", "metrics": ["cached.json"]}}}
        lock = {"schema": "2.0", "stages": {"s": {"cmd": "x", "outs": [out]}}}
        files = {"dvc.yaml": yaml.safe_dump(pipeline), "dvc.lock": yaml.safe_dump(lock)}
        return place.story.commit(files).head

    base, head = commit(0.5), commit(0.625)
    (row,) = place.diff(base, head).values
    assert (row.path, row.name, str(row.difference)) == ("cached.json", "auc", "0.125")


def test_rows_and_columns_of_changed_tables_are_told(place):
    before, after = "id,age,sex\n1,30,F\n2,31,M\n", "id,age,city\n1,30.5,x\n"
    place.story.write({"data.csv": before})
    base = place.commit(data=before)
    place.story.write({"data.csv": after})
    head = place.commit(data=after)
    for named in (head, None):
        (file,) = place.diff(base, named).files
        assert (file.path, file.base.rows, file.head.rows) == ("data.csv", 2, 1)
        assert [(each.name, each.base, each.head) for each in file.columns] == [
            ("age", "Int64", "Float64"),
            ("sex", "String", None),
            ("city", None, "String"),
        ]


def tracked_directory(place, files):
    """Keep a directory's files and manifest in the cache, and commit its record."""
    contents = {name: content.encode() for name, content in files.items()}
    for each in contents.values():
        place.keep(each)
    listed = [{"md5": hashlib.md5(contents[name]).hexdigest(), "relpath": name} for name in sorted(contents)]
    manifest = json.dumps(listed).encode()
    kept = place.keep(manifest)
    kept.rename(kept.with_name(f"{kept.name}.dir"))
    name = f"{hashlib.md5(manifest).hexdigest()}.dir"
    out = {"path": "raw", "hash": "md5", "md5": name, "nfiles": len(files)}
    return place.story.commit({"raw.dvc": yaml.safe_dump({"outs": [out]})}).head, name


def rows(amount):
    return "id\n" + "".join(f"{each}\n" for each in range(amount))


def test_files_and_rows_of_a_changed_directory_are_counted(place):
    base, _ = tracked_directory(
        place,
        {"s.csv": rows(9), "gone.csv": rows(4), "more.csv": rows(2), "less.csv": rows(5), "a.txt": "x"},
    )
    head, name = tracked_directory(
        place,
        {"s.csv": rows(9), "new.csv": rows(7), "more.csv": rows(3), "less.csv": rows(1), "a.txt": "y"},
    )
    (file,) = place.diff(base, head).files
    assert file.inside == Inside(added=1, removed=1, changed=3, rows_added=8, rows_removed=8)
    (back,) = place.diff(head, base).files
    assert (back.inside.rows_added, back.inside.added) == (8, 1)
    found = place.diff(base, head)
    assert from_json(to_json(found)) == found
    (place.cache.path / "files/md5" / name[:2] / name[2:]).unlink()
    (file,) = place.diff(base, head).files
    assert file.inside.unknown.startswith("the directory's list of files is not here: `dvc fetch`")


@pytest.mark.parametrize(
    ("tables", "unknown"),
    [
        ({"a.csv": ""}, "1 of 2 changed tables cannot be read here: `dvc fetch` brings what is missing"),
        ({f"{each}.csv": rows(each) for each in range(4)}, "rows of 5 changed tables are not counted"),
    ],
)
def test_rows_that_cannot_be_counted_are_not_guessed(place, monkeypatch, tables, unknown):
    monkeypatch.setattr("mlci.app.comparison.directories.MOST_TABLES", 3)
    base, _ = tracked_directory(place, {"gone.csv": rows(4)})
    head, _ = tracked_directory(place, tables)
    (file,) = place.diff(base, head).files
    assert (file.inside.rows_added, file.inside.unknown) == (None, unknown)
    assert (file.inside.added, file.inside.removed) == (len(tables), 1)


def test_a_directory_of_other_files_has_no_rows(place):
    base, _ = tracked_directory(place, {"a.png": "1"})
    head, _ = tracked_directory(place, {"a.png": "2", "b.png": "3"})
    (file,) = place.diff(base, head).files
    assert file.inside == Inside(added=1, changed=1)


def test_a_table_inside_a_tracked_directory_is_found_by_its_manifest(place):
    content = people(north=500).encode()
    place.keep(content)
    listed = [{"md5": hashlib.md5(content).hexdigest(), "relpath": "test.csv"}]
    manifest = json.dumps(listed).encode()
    name = hashlib.md5(manifest).hexdigest() + ".dir"
    place.keep(manifest).rename(place.cache.path / "files/md5" / name[:2] / name[2:])
    out = {"path": "held", "hash": "md5", "md5": name, "nfiles": 1}
    place.story.write({"held.dvc": yaml.safe_dump({"outs": [out]})})
    base, head = place.commit(), place.commit(predicted=predictions(seed=2))
    inside = replace(SLICED, models={"income": replace(INCOME, test="held/test.csv")})
    assert sliced(place.diff(base, head, config=inside), "f1")["region=north"].n == 500
    (place.cache.path / "files/md5" / name[:2] / name[2:]).write_bytes(b'[{"relpath": 1}]')
    assert not sliced(place.diff(base, head, config=inside), "f1")
    assert ("held/test.csv", head) in place.cache.asked


def as_csv(content, **columns):
    frame = pl.read_parquet(content).with_columns(**columns)
    return frame.sample(fraction=1.0, shuffle=True, seed=4).write_csv().encode()


def as_parquet(frame):
    buffer = io.BytesIO()
    frame.write_parquet(buffer)
    return buffer.getvalue()


def declaring(**income):
    """An `mlci.yaml` whose model is declared otherwise than now."""
    model = {"path": "models/income.skops", "task": "binary", "predictions": PREDICTIONS} | income
    return yaml.safe_dump({"version": 1, "project": "credit", "models": {"income": model}})


@pytest.mark.parametrize(
    "columns",
    [
        {},
        {"y_true": pl.col("y_true") == 1, "y_pred": pl.col("y_pred") == 1},
        {"y_true": pl.col("y_true").cast(pl.Float64)},
        {"id": pl.col("id").cast(pl.String)},
    ],
    ids=["as they are", "true and false", "1.0 and 0.0", "ids as text"],
)
def test_predictions_may_be_in_csv_before_and_in_parquet_now(place, columns):
    before, now = predictions(), predictions(seed=3)
    expected = place.diff(place.commit(predicted=before), place.commit(predicted=now)).pairings[0]
    assert expected.flipped > 100
    csv = as_csv(before, **columns)
    base = place.commit(predicted=csv, at="reports/said.csv", own=declaring(predictions="reports/said.csv"))
    head = place.commit(predicted=now)
    found = place.diff(base, head)
    assert found.pairings == (expected,)
    assert found.files == ()


def test_columns_are_named_as_the_base_named_them(place):
    names = {"id": "row", "y_true": "real", "y_pred": "said", "y_score": "p"}
    columns = {"id": "row", "truth": "real", "label": "said", "score": "p"}
    base = place.commit(
        predicted=as_parquet(pl.read_parquet(predictions()).rename(names)), own=declaring(columns=columns)
    )
    head = place.commit(predicted=predictions(seed=3))
    assert place.diff(base, head).pairings[0].rows == 1_000


def test_a_base_whose_configuration_is_broken_is_read_as_head_is(place):
    base = place.commit(own="models: [")
    assert place.diff(base, place.commit(predicted=predictions(seed=3))).pairings[0].rows == 1_000


def test_labels_that_changed_their_names_are_not_compared(place):
    words = pl.col("y_true", "y_pred").replace_strict({0: "no", 1: "yes"})
    base = place.commit(predicted=as_parquet(pl.read_parquet(predictions()).with_columns(words)))
    found = place.diff(base, place.commit(predicted=predictions(seed=3)))
    row = metric(found)
    assert row.verdict is MetricVerdict.NOT_COMPARABLE
    assert row.note.startswith("the classes are called otherwise: 'no' and 'yes' in the base, '0' and '1' in")
    assert sum(each.flipped for each in found.pairings) == 0
    assert blocks(row, Occasion.PROMOTION)


@pytest.mark.parametrize(
    ("spoilt", "said"),
    [
        (pl.col("id") * 0, "column 'id' holds 1 id more than once"),
        (pl.col("y_pred").replace(1, None), "column 'y_pred' is missing in"),
        (pl.col("y_score") / 0, "column 'y_score' is infinite in 1,000 of 1,000 rows"),
        (pl.col("id").alias("y_true"), "a binary task has two classes, not 1000"),
    ],
)
def test_predictions_that_are_none_are_red_and_say_why(place, spoilt, said):
    frame = pl.read_parquet(predictions()).with_columns(spoilt)
    found = place.diff(place.commit(), place.commit(predicted=as_parquet(frame)))
    assert said in metric(found).problem
    assert blocks(found, Occasion.PULL_REQUEST)


def test_the_rows_that_flipped_are_counted_and_named_where_data_may_be_shown(place):
    base, head = place.commit(), place.commit(predicted=predictions(skill=0.0))
    (flips,) = compared(place.request(base, head)).flips.values()
    assert len(flips.lost) == place.diff(base, head).pairings[0].lost > 600
    assert not len(flips.won)

    def left(rows):
        write_flips(place.request().files, "income", flips, rows)
        return json.loads((place.story.path / ".mlci/report/flipped-income.json").read_text())

    counts = {"lost": len(flips.lost), "won": 0, "other": 0}
    assert left(Rows.COUNTS) == {"schema": 1, "model": "income", "counts": counts}
    told = left(Rows.SAMPLES)
    assert told["counts"] == counts
    assert told["ids"] == {"lost": sorted(flips.lost.tolist()), "won": [], "other": []}


def test_the_other_way_round_mirrors(place):
    base, head = place.commit(), place.commit(metrics='{"auc": 0.8}', predicted=predictions(seed=2))
    there, back = place.diff(base, head), place.diff(head, base)
    for one, other in zip(there.metrics, back.metrics, strict=True):
        assert one.difference == pytest.approx(-other.difference)
        assert one.interval.low == pytest.approx(-other.interval.high)
    assert there.values[0].difference == -back.values[0].difference


def test_the_work_tree_is_head_and_the_branch_is_base(place):
    base = place.commit()
    place.story.branch("work").write({"metrics.json": '{"auc": 0.9}'})
    place.story.write({"reports/predictions.parquet": predictions(skill=0.9, seed=1)})
    found = place.diff()
    assert (found.base, found.head, found.base_name) == (base, None, "main")
    assert metric(found).verdict is MetricVerdict.IMPROVED
    assert found.values[0].head.text == "0.9"
    assert (found.displaced, found.notes) == (("reports/predictions.parquet",), ())


def test_on_main_the_base_is_the_newest_version(place):
    first = place.commit()
    place.story.tag("income@v0.1.0")
    place.commit(metrics='{"auc": 0.8}')
    found = place.diff(context=RunContext(trigger=Trigger.MAIN))
    assert (found.base, found.base_name) == (first, "income@v0.1.0")


def test_on_main_each_model_is_compared_with_its_own_newest_version(place):
    models = {
        name: replace(INCOME, name=name, path=f"models/{name}.skops") for name in ("income", "churn", "new")
    }
    objectives = tuple(
        Objective(
            metric="auc",
            model=name,
            source="metrics.json#/auc",
            direction=Direction.HIGHER,
            may_drop=DROP,
            exact=True,
        )
        for name in models
    )
    config = replace(CONFIG, models=models, objectives=objectives)
    first = place.commit(metrics='{"auc": 0.7}')
    place.story.tag("churn@v0.1.0")
    second = place.commit(metrics='{"auc": 0.8}')
    place.story.tag("income@v0.1.0")
    place.commit(metrics='{"auc": 0.9}')
    found = place.diff(context=RunContext(trigger=Trigger.MAIN), config=config)
    assert (found.base, found.base_name) == (second, "income@v0.1.0, churn@v0.1.0")
    assert {each.model: each.base for each in found.metrics if each.metric == "auc"} == {
        "income": 0.8, "churn": 0.7, "new": None,
    }  # fmt: skip
    assert found.notes == (
        f"churn is compared with churn@v0.1.0, its newest version, at {first[:10]}",
        "new has no version yet: there is nothing to compare it with",
        f"{PREDICTIONS} is not in the work tree: it was read from where DVC keeps it, as dvc.lock records it",
    )


def test_on_main_predictions_too_are_those_of_the_models_own_version(place):
    models = {name: replace(INCOME, name=name) for name in ("income", "churn")}
    config = replace(CONFIG, models=models, objectives=())
    place.commit(predicted=predictions(skill=0.9))
    place.story.tag("churn@v0.1.0")
    place.commit(predicted=predictions(skill=0.5), model="n")
    place.story.tag("income@v0.1.0")
    place.commit(predicted=predictions(skill=0.5), model="o")
    found = place.diff("churn@v0.1.0", context=RunContext(trigger=Trigger.MAIN), config=config)
    assert {each.model: each.flipped > 0 for each in found.pairings} == {"income": True, "churn": True}
    found = place.diff(context=RunContext(trigger=Trigger.MAIN), config=config)
    assert {each.model: each.flipped > 0 for each in found.pairings} == {"income": False, "churn": True}


def test_an_environment_can_be_named(place):
    first = place.commit()
    place.story.tag("income@v0.1.0").tag("income#prod#1")
    place.commit()
    assert place.diff("income#prod").base == first
    with pytest.raises(UsageError) as caught:
        place.diff("income#prd")
    assert caught.value.id == "revision-unknown"
    assert caught.value.help.startswith("did you mean 'income#prod'? here are: income#prod; git fetch --tags")
    with pytest.raises(UsageError) as caught:
        place.diff("income@v0.2.0")
    assert "here are: income@v0.1.0;" in caught.value.help


def test_without_a_base_floors_still_hold(place):
    place.commit(predicted=predictions(skill=0.5))
    found = place.diff(context=RunContext(trigger=Trigger.MAIN))
    row = metric(found)
    assert (found.base, row.verdict, row.note) == (None, None, "no baseline")
    assert row.floors[0].status.value == "missed"
    assert blocks(found, Occasion.PULL_REQUEST)


def test_predictions_that_git_keeps_are_a_baseline_without_a_lock(place):
    place.story.write({".gitignore": ""})
    for skill in (0.6, 0.9):
        place.story.commit({PREDICTIONS: predictions(skill=skill), "dvc.yaml": yaml.safe_dump(PIPELINE)})
    assert metric(place.diff("HEAD~1", "HEAD")).verdict is MetricVerdict.IMPROVED
    same = metric(place.diff("HEAD", "HEAD"), "accuracy")
    assert (same.interval.low, same.interval.high) == (0, 0)


@pytest.mark.parametrize("path", ["params.yaml", "src/train.py", "dvc.yaml", "dvc.lock"])
@pytest.mark.parametrize("named", [True, False], ids=["a commit", "the work tree"])
def test_what_made_the_numbers_is_not_taken_away_unseen(place, path, named):
    place.story.commit({"src/train.py": "1"})
    place.commit()
    lock = yaml.safe_load((place.story.path / "dvc.lock").read_text())
    lock["stages"]["train"]["deps"].append(recorded("src/train.py", b"1"))
    place.story.commit({"dvc.lock": yaml.safe_dump(lock)})
    (place.story.path / "reports").mkdir()
    (place.story.path / PREDICTIONS).write_bytes(predictions())
    base, head = place.story.head, "HEAD" if named else None
    assert place.diff(base, head).gone == ()
    place.story.commit({path: None})
    found = place.diff(base, head)
    assert found.gone == (path,)
    told = [each for each in findings(found, Occasion.PULL_REQUEST) if each.subject == path]
    assert [(each.check, each.blocks) for each in told] == [("diff.recorded", True)]


def test_a_stage_that_went_with_what_it_read_is_not_asked_for(place):
    place.story.commit({"data.csv": "1"})
    base = place.commit()
    gone = {"data.csv": None, "dvc.yaml": "stages: {}\n", "dvc.lock": "schema: '2.0'\nstages: {}\n"}
    place.story.commit(gone)
    assert place.diff(base, "HEAD").gone == ()


def test_a_poisoned_cache_is_not_believed(place):
    base = place.commit()
    place.keep(predictions()).write_bytes(predictions(skill=0.1))
    head = place.commit(predicted=predictions(seed=3))
    row = metric(place.diff(base, head))
    assert row.verdict is MetricVerdict.NOT_COMPARABLE
    assert "predictions.parquet" in row.note
    assert place.cache.asked == [("reports/predictions.parquet", base)]
    assert not blocks(row, Occasion.PULL_REQUEST)
    assert blocks(row, Occasion.PROMOTION)


def test_predictions_that_the_work_tree_lacks_are_told_to_be_from_elsewhere(place):
    base = place.commit()
    place.commit(predicted=predictions(seed=3))
    told = "reports/predictions.parquet is not in the work tree"
    assert [each for each in place.diff(base).notes if each.startswith(told)]
    (place.story.path / "reports").mkdir()
    (place.story.path / PREDICTIONS).write_bytes(predictions(seed=3))
    assert not [each for each in place.diff(base).notes if each.startswith(told)]
    assert not [each for each in place.diff(base, "HEAD").notes if each.startswith(told)]


def test_head_without_predictions_is_red(place):
    base = place.commit()
    head = place.commit(predicted=b"no parquet at all")
    row = metric(place.diff(base, head))
    assert row.problem.startswith("reports/predictions.parquet cannot be used: this table cannot be read")
    assert "look at the stage that writes it" in row.advice
    assert blocks(row, Occasion.PULL_REQUEST)


def test_of_predictions_that_are_nowhere_it_is_said_whose_they_are(place):
    base, head = place.commit(), place.commit(predicted=predictions(skill=0.8))
    place.keep(predictions(skill=0.8)).unlink()
    lost = "reports/predictions.parquet is neither here, nor in DVC's cache, nor on the remote storage"
    assert metric(place.diff(base, head)).problem == f"this change's {lost}"
    row = metric(place.diff(head, base))
    assert (row.problem, row.note) == ("", f"base's predictions cannot be had: {lost}")
    assert row.advice == "`dvc push` on the branch that made it"


def test_rows_that_head_leaves_out_are_counted_and_never_go_unsaid(place):
    base = place.commit(predicted=predictions(rows=1_200))
    kept = pl.read_parquet(predictions(rows=1_200, skill=0.9, seed=1)).head(900)
    found = place.diff(base, place.commit(predicted=as_parquet(kept), model="n"))
    assert metric(found).verdict is MetricVerdict.IMPROVED
    told = "900 rows of income paired by id; base had 1,200, head 900"
    (dropped,) = [each for each in findings(found, Occasion.PULL_REQUEST) if each.check == "diff.rows"]
    assert (dropped.status, dropped.message) == (
        Status.WARN,
        f"300 rows of base's test set have no prediction now: {told}",
    )
    (pairing,) = json.loads(to_json(found))["pairings"]
    assert (pairing["rows"], pairing["base_rows"], pairing["head_rows"]) == (900, 1_200, 900)
    assert place.diff("HEAD", base).pairings[0].dropped == 0


def test_a_small_part_of_the_test_set_may_be_merged_and_makes_no_version_by_itself(place):
    base = place.commit(predicted=predictions(rows=1_200))
    part = pl.read_parquet(predictions(rows=1_200, skill=0.9, seed=1)).head(1_079)
    found = place.diff(base, place.commit(predicted=as_parquet(part), model="n"))
    assert not blocks(found, Occasion.PULL_REQUEST)
    assert blocks(found, Occasion.PROMOTION)
    assert told_of_rows(found, Occasion.PROMOTION)[0].status is Status.FAIL
    assert "--accept-incomparable" in told_of_rows(found)[0].help
    part = pl.read_parquet(predictions(rows=1_200, skill=0.9, seed=1)).head(1_080)
    found = place.diff(base, place.commit(predicted=as_parquet(part), model="o"))
    assert not blocks(found, Occasion.PROMOTION)
    assert told_of_rows(found, Occasion.PROMOTION)[0].status is Status.WARN


def told_of_rows(found, occasion=Occasion.PULL_REQUEST):
    return [each for each in findings(found, occasion) if each.check == "diff.rows"]


def test_a_truth_that_was_changed_is_told_and_makes_no_version_by_itself(place):
    before = pl.read_parquet(predictions(skill=0.9))
    wrong = pl.col("id") < 60
    now = before.with_columns(y_pred=pl.when(wrong).then(1 - pl.col("y_true")).otherwise("y_pred"))
    now = now.with_columns(y_true=pl.when(wrong).then("y_pred").otherwise("y_true"))
    found = place.diff(place.commit(predicted=as_parquet(before)), place.commit(predicted=as_parquet(now)))
    (told,) = told_of_rows(found)
    assert (told.status, told.observed) == (Status.WARN, 60)
    assert told.message == "60 rows changed their truth: no difference counts them"
    assert "--accept-incomparable" in told.help
    assert not blocks(found, Occasion.PULL_REQUEST)
    assert blocks(found, Occasion.PROMOTION)
    assert [each.status for each in told_of_rows(found, Occasion.PROMOTION)] == [Status.FAIL]


def with_columns(**named):
    """The configuration whose model has these columns, and the `mlci.yaml` that says so."""
    income = replace(INCOME, columns=Columns(**named))
    return replace(CONFIG, models={"income": income}), declaring(columns=named)


def test_another_weight_is_no_other_model(place):
    config, own = with_columns(weight="weight")
    plain = pl.read_parquet(predictions()).with_columns(weight=pl.lit(1.0))
    right = pl.col("y_true") == pl.col("y_pred")
    chosen = plain.with_columns(weight=pl.when(right).then(1.0).otherwise(0.01))
    base = place.commit(predicted=as_parquet(plain), own=own)
    found = place.diff(base, place.commit(predicted=as_parquet(chosen), own=own), config=config)
    row = metric(found)
    assert (row.difference, row.verdict) == (0.0, MetricVerdict.WITHIN_MARGIN)
    (told,) = told_of_rows(found)
    assert "changed their weight: both sides are weighed as base's were" in told.message
    assert blocks(found, Occasion.PROMOTION)


def test_clusters_of_a_row_each_hide_no_dependence(place):
    config, own = with_columns(cluster="customer")
    before = pl.read_parquet(predictions()).with_columns(customer=pl.col("id") // 10)
    honest = pl.read_parquet(predictions(skill=0.72, seed=1)).with_columns(customer=pl.col("id") // 10)
    base = place.commit(predicted=as_parquet(before), own=own)
    hidden = as_parquet(honest.with_columns(customer=pl.col("id")))
    found = place.diff(base, place.commit(predicted=hidden, own=own), config=config)
    again = place.diff(base, place.commit(predicted=as_parquet(honest), own=own), config=config)
    assert metric(found).interval == metric(again).interval
    assert [each.message for each in told_of_rows(found)] == [
        "1,000 rows changed their cluster: both sides are drawn as base's were"
    ]
    assert told_of_rows(again) == []


@pytest.mark.parametrize(
    ("named", "column", "check", "help_"),
    [
        ({"weight": "w"}, {"w": 0.0}, Status.ERROR, "rows that weigh nothing"),
        ({"cluster": "w"}, {"w": "one"}, Status.WARN, "of more than one cluster"),
    ],
    ids=["no weight", "one cluster"],
)
def test_rows_that_tell_nothing_are_mended_in_the_rows(place, named, column, check, help_):
    config, own = with_columns(**named)
    for skill in (0.7, 0.72):
        rows = pl.read_parquet(predictions(skill=skill)).with_columns(
            **{k: pl.lit(v) for k, v in column.items()}
        )
        place.commit(predicted=as_parquet(rows), own=own)
    found = findings(place.diff("HEAD~1", "HEAD", config=config), Occasion.PULL_REQUEST)
    (told,) = [each for each in found if each.check == "diff.verdict"]
    assert (told.status, help_ in told.help) == (check, True), told
    assert "kind: exact" not in told.help


def test_another_test_set_is_not_comparable(place):
    base, head = place.commit(), place.commit(predicted=predictions(start=500))
    found = place.diff(base, head)
    assert metric(found).verdict is MetricVerdict.NOT_COMPARABLE
    assert "500 of 1,000 (base) and 1,000 (head) ids are common" in found.pairings[0].reason


@pytest.mark.parametrize("metrics", ["", "{", '{"a": 1, "a": 2}', "<<<<<<< HEAD\n{}\n", "\0"])
def test_a_metrics_file_that_cannot_be_read_is_red(place, metrics):
    base, head = place.commit(), place.commit(metrics=metrics)
    found = place.diff(base, head)
    assert found.problems
    assert blocks(found, Occasion.PULL_REQUEST)
    assert not place.diff(head, base).problems


def test_a_declared_metrics_file_that_is_missing_is_red(place):
    base = place.commit()
    place.story.commit({"metrics.json": None})
    assert place.diff(base, "HEAD").problems == ("metrics.json is declared, and it is not there",)


@pytest.mark.parametrize(
    ("metrics", "problem"),
    [
        ('{"serve": {"p95": NaN}}', "not a number (NaN)"),
        ('{"serve": {"p95": null}}', "null"),
        ('{"serve": {"p95": "fast"}}', "text, not a number"),
        ('{"serve": {}}', "missing"),
        ('{"serve": {"p95": 1e999}}', "infinite"),
    ],
)
def test_a_declared_metric_without_a_value_is_red(place, metrics, problem):
    objective = Objective(
        metric="latency", source="metrics.json#/serve/p95", direction=Direction.LOWER, at_most=50
    )
    config = replace(CONFIG, objectives=(objective,))
    base = place.commit(metrics='{"serve": {"p95": 40}}')
    assert not blocks(place.diff(base, base, config=config), Occasion.PULL_REQUEST)
    head = place.commit(metrics=metrics)
    row = metric(place.diff(base, head, config=config), "latency")
    assert row.problem == f"metrics.json#/serve/p95 is {problem}"
    assert blocks(row, Occasion.PULL_REQUEST)


def test_unrelated_histories_are_compared_and_said_so(place):
    place.commit()
    place.story.git("switch", "--orphan", "other")
    place.commit(metrics='{"auc": 0.9}')
    assert "unrelated" in place.diff().notes[0]
    assert "unrelated: main is no earlier state" in place.diff("main").notes[0]


def test_an_unknown_metric_names_the_one_that_was_meant(place):
    place.commit()
    with pytest.raises(ConfigError, match="did you mean 'f1'"):
        place.diff("HEAD", config=replace(CONFIG, objectives=(replace(F1, metric="f11"),)))


def test_a_link_is_no_metrics_file(place, tmp_path):
    base = place.commit()
    (tmp_path / "secret.json").write_text(json.dumps({"password": 1}))
    (place.story.path / "metrics.json").unlink()
    (place.story.path / "metrics.json").symlink_to(tmp_path / "secret.json")
    for head in (None, place.story.commit().head):
        found = place.diff(base, head)
        assert found.problems
        assert "password" not in to_json(found)
