"""The configuration as typed values. How they are read from YAML is `core.schema`'s business."""

from collections.abc import Mapping
from datetime import date
from enum import StrEnum

from msgspec import Struct, field

from mlci.core.yaml.node import Node


class Task(StrEnum):
    """What a model predicts."""

    BINARY = "binary"
    MULTICLASS = "multiclass"
    REGRESSION = "regression"


class Direction(StrEnum):
    """Which way a metric gets better."""

    HIGHER = "higher"
    LOWER = "lower"


class Judge(StrEnum):
    """What a floor is held against: the point value, or the whole interval."""

    POINT = "point"
    INTERVAL = "interval"


class Columns(Struct, frozen=True, kw_only=True):
    """Names of the predictions file's columns; `score` maps class to column for multiclass models."""

    id: str = "id"
    truth: str = "y_true"
    label: str = "y_pred"
    score: str | Mapping[str, str] | None = "y_score"
    weight: str | None = None
    cluster: str | None = None
    group: str | None = None

    @property
    def named(self) -> frozenset[str]:
        """All the columns that have a role."""
        scores = self.score.values() if isinstance(self.score, Mapping) else (self.score,)
        others = (self.id, self.truth, self.label, self.weight, self.cluster, self.group)
        return frozenset(filter(None, (*others, *scores)))


class Model(Struct, frozen=True, kw_only=True):
    """A named, versioned output of the pipeline."""

    name: str
    path: str
    task: Task
    predictions: str | None = None
    test: str | None = None
    columns: Columns = field(default_factory=Columns)
    load: str | None = None
    owner: str | None = None


class Margin(Struct, frozen=True, kw_only=True):
    """How much a metric may drop: absolute, or a fraction of the base's value."""

    value: float
    relative: bool = False


class Objective(Struct, frozen=True, kw_only=True):
    """One line of the problem definition, made checkable.

    A named metric is computed by mlci from `model`'s predictions; `source` (`from:` in the file,
    `metrics.json#/serve/p95`) declares one that exists as a point value only.
    """

    metric: str
    model: str | None = None
    source: str | None = None
    direction: Direction | None = None
    at_least: float | None = None
    at_most: float | None = None
    may_drop: Margin | None = None
    exact: bool = False
    judge: Judge = Judge.POINT
    where: str = ""


class Waiver(Struct, frozen=True, kw_only=True):
    """A failing check that somebody accepts until a day."""

    check: str
    owner: str
    reason: str
    until: date
    subject: str | None = None
    where: str = ""


class Remotes(Struct, frozen=True, kw_only=True):
    """Names of DVC remotes by what they are for; None is DVC's own default remote."""

    read: str | None = None
    write: str | None = None
    pull_request: str | None = None

    @property
    def push(self) -> str:
        """What an author types to send results to where CI looks for them."""
        return f"dvc push --remote {self.read}" if self.read else "dvc push"


class Environment(Struct, frozen=True, kw_only=True):
    """An ordered stage of a model's life; its desired state is `environments/<name>.yaml`."""

    name: str
    follows: str | None = None
    needs: str | None = None
    deploy: str | None = None

    @property
    def file(self) -> str:
        """The path of the file that says what should run here."""
        return f"environments/{self.name}.yaml"


class LockAuthor(StrEnum):
    """Who commits `dvc.lock`."""

    AUTHOR = "author"
    CI = "ci"


class StageSettings(Struct, frozen=True, kw_only=True):
    """Where and how long one stage runs in CI."""

    runner: tuple[str, ...] = ()
    timeout: float | None = None


class Ci(Struct, frozen=True, kw_only=True):
    """How CI is generated. `secrets` are names of CI secrets that reach DVC and deploys as variables."""

    providers: tuple[str, ...] = ("github", "gitlab")
    branch: str = "main"
    install: str | None = None
    mlci: str | None = None
    lock: LockAuthor = LockAuthor.AUTHOR
    dedicated: bool = False
    timeout: float = 3600.0
    secrets: tuple[str, ...] = ()
    stages: Mapping[str, StageSettings] = field(default_factory=dict)


class CommentBy(StrEnum):
    """What posts the comment."""

    NATIVE = "native"
    CML = "cml"


class Rows(StrEnum):
    """How much of the data may stand in a report."""

    COUNTS = "counts"
    SAMPLES = "samples"


class ReportSettings(Struct, frozen=True, kw_only=True):
    """What a report compares with and may show; `renamed` leads from a key's old place to its new one."""

    baselines: tuple[str, ...] = ("main",)
    comment: CommentBy = CommentBy.NATIVE
    rows: Rows = Rows.COUNTS
    renamed: Mapping[str, str] = field(default_factory=dict)


class Config(Struct, frozen=True, kw_only=True):
    """One `mlci.yaml`. `gates` keeps each gate's part as a located node: its own folder reads it."""

    version: int = 1
    project: str
    python: str | None = None
    models: Mapping[str, Model] = field(default_factory=dict)
    objectives: tuple[Objective, ...] = ()
    gates: Mapping[str, Node] = field(default_factory=dict)
    waivers: tuple[Waiver, ...] = ()
    remotes: Remotes = field(default_factory=Remotes)
    environments: Mapping[str, Environment] = field(default_factory=dict)
    ci: Ci = field(default_factory=Ci)
    report: ReportSettings = field(default_factory=ReportSettings)
