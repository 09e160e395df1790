"""DVC's files as values, and what is said when they are none."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlci.core.dvc.files import (
    Hashed,
    Out,
    OutKind,
    ParamsUse,
    is_inside,
    located,
    read_lock,
    read_pipeline,
    read_tracked,
)
from mlci.errors import ConfigError

PIPELINE = b"""
vars: [{seed: 1}, more.yaml]
stages:
  featurize:
    cmd: python featurize.py
    wdir: src
    deps: [../data/raw.csv, 2024]
    outs: [../data/train.parquet]
  train:
    cmd: [python train.py, echo done]
    desc: Fit it.
    params: [lr, train.depth, other.yaml: [a, b], whole.toml: ]
    outs:
      - models
      - reports/predictions.parquet: {cache: false, push: false, persist: true, remote: other, unknown: 1}
    metrics: [metrics.json: {cache: false}]
    plots: [roc.csv: [{x: fpr}, {y: tpr}], plain.csv]
    frozen: true
    always_changed: true
metrics: [all.json]
params: [extra.yaml]
plots: [curves.csv, ROC: {x: fpr, y: tpr}]
artifacts: {income: {path: models/income.skops, type: model}}
"""


def test_a_pipeline_is_read_with_all_its_parts() -> None:
    pipeline = read_pipeline(PIPELINE)
    featurize, train = pipeline.stages.values()
    assert featurize.command == ("python featurize.py",)
    assert featurize.deps == ("../data/raw.csv", "2024")
    assert [featurize.place(each) for each in featurize.deps] == ["data/raw.csv", "src/2024"]
    assert train.command == ("python train.py", "echo done")
    assert train.params == (
        ParamsUse(file="params.yaml", keys=("lr", "train.depth")),
        ParamsUse(file="other.yaml", keys=("a", "b")),
        ParamsUse(file="whole.toml"),
    )
    assert train.outs == (
        Out(path="models"),
        Out(path="reports/predictions.parquet", cache=False, push=False, persist=True, remote="other"),
        Out(path="metrics.json", kind=OutKind.METRIC, cache=False),
        Out(path="roc.csv", kind=OutKind.PLOT),
        Out(path="plain.csv", kind=OutKind.PLOT),
    )
    assert (train.frozen, train.always_changed, train.description) == (True, True, "Fit it.")
    assert pipeline.metrics == ("all.json",)
    assert pipeline.params == ("extra.yaml",)
    assert pipeline.plots == {"curves.csv": None, "ROC": {"x": "fpr", "y": "tpr"}}
    assert pipeline.artifacts == {"income": "models/income.skops"}
    assert pipeline.vars == ({"seed": 1}, "more.yaml")


def test_an_output_is_found_by_its_own_path_and_by_what_lies_in_it() -> None:
    pipeline = read_pipeline(PIPELINE)
    assert pipeline.owner("models/income.skops") == (pipeline.stages["train"], Out(path="models"))
    assert pipeline.owner("data/train.parquet") is not None
    assert pipeline.owner("models.old/income.skops") is None


@pytest.mark.parametrize(
    ("entry", "instances"),
    [
        ("cmd: x", ("s",)),
        ("foreach: [a, 1, true, 0.10], do: {cmd: x}", ("s@a", "s@1", "s@true", "s@0.1")),
        ("foreach: {us: {n: 1}, eu: {n: 2}}, do: {cmd: x}", ("s@us", "s@eu")),
        ("foreach: [{n: 1}, b], do: {cmd: x}", ("s@0", "s@1")),
        ("foreach: '${models}', do: {cmd: x}", None),
        ("foreach: ['${one}', b], do: {cmd: x}", None),
        ("foreach: [a, a], do: {cmd: x}", ("s@a",)),
        ("matrix: {m: [cnn, xgb], n: [1, {k: 2}]}, cmd: x", ("s@cnn-1", "s@cnn-n1", "s@xgb-1", "s@xgb-n1")),
        ("matrix: {m: '${models}'}, cmd: x", None),
        ("foreach: {'${a}': 1}, do: {cmd: x}", None),
        (r"foreach: {'\${a}': 1}, do: {cmd: x}", None),
        (r"foreach: [a, '\${a}'], do: {cmd: x}", None),
        ("foreach: ['${a', '$a'], do: {cmd: x}", ("s@${a", "s@$a")),
        ("foreach: ['${a}', {n: '${b}'}], do: {cmd: x}", ("s@0", "s@1")),
        ("matrix: {'${a}': [1, 2]}, cmd: x", None),
        ("matrix: {'${a}': [{n: 1}]}, cmd: x", None),
        (r"matrix: {'\${a}': [{n: 1}]}, cmd: x", None),
        (r"matrix: {m: [1, '\${a}']}, cmd: x", None),
        ("matrix: {m: [1, '${a}']}, cmd: x", None),
        ("matrix: {m: [{n: '${a}'}, 1_000]}, cmd: x", ("s@m0", "s@1000")),
    ],
)
def test_the_names_that_an_entry_stands_for(entry: str, instances: tuple[str, ...] | None) -> None:
    stage = read_pipeline(f"stages: {{s: {{{entry}}}}}".encode()).stages["s"]
    assert stage.instances == instances


def test_templates_are_marked_and_an_escaped_one_which_dvc_unescapes() -> None:
    stages = read_pipeline(
        rb"stages: {a: {cmd: 'x ${lr}'}, b: {cmd: 'x \${lr}'}, c: {cmd: x, outs: ['${o}']}, d: {cmd: 'x ${'}}"
    )
    assert [each.templated for each in stages.stages.values()] == [True, True, True, False]


LOCK = b"""
schema: '2.0'
stages:
  train:
    cmd: python train.py
    deps:
    - {path: data, hash: md5, md5: 8c97e25fcdb2ed7f4f9dc4be33ec46ff.dir, size: 3, nfiles: 2}
    - {path: old.csv, md5: 12345678901234567890123456789012, size: 9}
    - {path: 's3://bucket/x', etag: 1e5}
    params: {params.yaml: {lr: 0.1, depth: 3, name: 'NO'}}
    outs:
    - {path: model.bin, hash: md5, md5: 00000000000000000000000000000000, cloud: {s3: {etag: x}}}
"""


def test_a_lock_is_read_with_its_hashes_as_they_were_written() -> None:
    train = read_lock(LOCK)["train"]
    assert train.command == ("python train.py",)
    assert train.deps["data"].is_directory
    assert not train.deps["data"].legacy
    old = Hashed(
        path="old.csv", algorithm="md5", value="12345678901234567890123456789012", legacy=True, size=9
    )
    assert train.deps["old.csv"] == old
    assert train.deps["s3://bucket/x"].value == "1e5"
    assert train.params == {"params.yaml": {"lr": 0.1, "depth": 3, "name": "NO"}}
    assert train.outs["model.bin"].cloud


@pytest.mark.parametrize(
    "value",
    [
        "..//etc/passwd",
        "../../../../../../../../../etc",
        "aa",
        "0" * 33,
        "0" * 32 + "/x",
        "0" * 32 + ".dir.dir",
    ],
)
def test_a_hash_that_could_be_a_path_is_refused_where_it_is_read(value: str) -> None:
    """Caches and remotes keep objects under their hash, so one is a part of a path."""
    entry = f"{{path: data, hash: md5, md5: '{value}'}}"
    for read in (
        lambda: read_lock(f"schema: '2.0'\nstages: {{a: {{cmd: x, outs: [{entry}]}}}}\n".encode()),
        lambda: read_lock(f"schema: '2.0'\nstages: {{a: {{cmd: x, deps: [{entry}]}}}}\n".encode()),
        lambda: read_tracked(f"outs: [{entry}]\n".encode(), name="data.dvc"),
    ):
        with pytest.raises(ConfigError) as found:
            read()
        assert found.value.id == "wrong-type"
        assert "expected an MD5 of 32 hexadecimal digits" in found.value.problems[0]


def test_a_lock_of_dvc_1_and_one_of_the_future_are_refused_by_name() -> None:
    with pytest.raises(ConfigError, match="1 problem") as old:
        read_lock(b"train:\n  cmd: x\n")
    assert old.value.id == "dvc-lock-old"
    with pytest.raises(ConfigError) as new:
        read_lock(b"schema: '3.0'\n")
    assert new.value.id == "dvc-lock-unknown"
    assert read_lock(b"") == {}


def test_tracked_data_is_placed_from_its_own_directory() -> None:
    outs = b"- {path: a.csv, md5: %032d, cache: false}\n- {path: b, md5: %032d}\n" % (1, 2)
    tracked = read_tracked(b"wdir: sub\nouts:\n" + outs, name="x.dvc")
    assert list(tracked.places()) == ["sub/a.csv", "sub/b"]
    assert tracked.uncached == {"a.csv"}
    assert not tracked.imported
    assert read_tracked(b"frozen: true\ndeps: [{path: u}]\nouts: []\n", name="x.dvc").imported


def test_wrong_types_are_told_together_and_with_their_place() -> None:
    content = b"""\
stages:
  a: {cmd: {x: 1}, deps: 3, frozen: NO, outs: [[x]]}
  b: {deps: [x]}
  c: text
metrics: {a: 1}
"""
    with pytest.raises(ConfigError) as caught:
        read_pipeline(content)
    assert [each.split(" [")[0] for each in caught.value.problems] == [
        "dvc.yaml:2:12: stages.a.cmd: expected text, found a mapping",
        "dvc.yaml:2:26: stages.a.deps: expected a list, found the number 3",
        "dvc.yaml:2:37: stages.a.frozen: expected true or false, found the text 'NO'",
        "dvc.yaml:2:48: stages.a.outs[0]: expected text, found a list",
        "dvc.yaml:3:6: stages.b: the key 'cmd' is missing",
        "dvc.yaml:4:6: stages.c: expected a mapping (`key: value`), found the text 'text'",
        "dvc.yaml:5:10: metrics: expected a list, found a mapping",
    ]


def test_a_matrix_that_explodes_is_refused_before_it_is_written_out() -> None:
    axes = ", ".join(f"a{i}: [1, 2, 3, 4, 5, 6, 7, 8, 9]" for i in range(40))
    with pytest.raises(ConfigError) as caught:
        read_pipeline(f"stages: {{s: {{matrix: {{{axes}}}, cmd: x}}}}".encode())
    assert caught.value.id == "matrix-too-large"


def test_places() -> None:
    assert located("../a/./b", "src") == "a/b"
    assert located("s3://bucket/../a", "src") == "s3://bucket/../a"
    assert located("/abs", "src") == "/abs"
    assert is_inside("a/b", "a/")
    assert not is_inside("ab", "a")


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_end_in_values_or_in_problems(content: bytes) -> None:
    for read in (read_pipeline, read_lock):
        try:
            read(content)
        except ConfigError as error:
            assert error.problems  # noqa: PT017


LOCKS = [
    "",
    "schema: '2.0'\n",
    "schema: '2.0'\nstages:\n",
    "schema: '2.0'\nstages: {a: {cmd: x}, b: {cmd: y, params: {p.yaml: {stages: {lr: 1_0}}}}}\n",
    "base: &b {a: {cmd: x}, c: {cmd: z}}\nschema: '2.0'\nstages: {<<: *b, a: {cmd: own}}\n",
    "base: &b {a: {cmd: x}}\nschema: '2.0'\nstages: *b\n",
    "schema: '2.0'\nstages: {a: &a {cmd: x}, b: *a}\n",
    "schema: '2.0'\nstages: {a: }\n",
    "schema: '2.0'\nstages: [a]\n",
    "schema: '2.0'\nstages: {a: {cmd: x}, a: {cmd: y}}\n",
    "schema: '2.0'\nstages: {a: {outs: [{md5: x}]}, b: {deps: x}}\n",
    "schema: '3.0'\nstages: {a: {cmd: x}}\n",
    "a: {cmd: x}\n",
    "schema: '2.0'\nstages: {a: {cmd: x}\n",
]


@pytest.mark.parametrize("lock", LOCKS)
def test_a_large_lock_is_read_stage_by_stage_and_says_the_same(
    lock: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read() -> object:
        try:
            return read_lock(lock.encode())
        except ConfigError as error:
            return error.id, error.message, sorted(error.problems)

    whole = read()
    monkeypatch.setattr("mlci.core.dvc.files._LARGE_LOCK", -1)
    assert read() == whole
