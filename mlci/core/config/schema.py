"""The shape of `mlci.yaml`: every key of it, what it means, and what must hold between them."""

from collections.abc import Callable, Collection, Mapping
from typing import Any

from msgspec.structs import replace

from mlci.core.config import (
    Ci,
    Columns,
    CommentBy,
    Config,
    Direction,
    Environment,
    Judge,
    LockAuthor,
    Model,
    Objective,
    Remotes,
    ReportSettings,
    Rows,
    StageSettings,
    Task,
    Waiver,
)
from mlci.core.config.rules import check_together, check_waivers
from mlci.core.config.shapes import (
    ATTRIBUTE,
    BRANCH,
    CHECK,
    METRIC,
    NAME,
    PATH,
    REMOTE,
    SCRIPT,
    SECRET,
    SLUG,
    SOURCE,
    Day,
    Drop,
    Exact,
    Gates,
)
from mlci.core.problems import quoted
from mlci.core.schema import (
    Among,
    Choice,
    Constant,
    Duration,
    Flag,
    Listing,
    Map,
    Named,
    Number,
    OneOf,
    Problems,
    Schema,
    Table,
    Text,
    optional,
    required,
)
from mlci.core.strictjson import JsonValue
from mlci.core.yaml.node import Node

FILE = "mlci.yaml"
SCHEMA_ID = "urn:mlci:schema:mlci.yaml:1"


def _check_columns(columns: Columns, node: Node, problems: Problems) -> None:
    used: dict[str, str] = {}
    for role in ("id", "truth", "label", "score"):
        column = getattr(columns, role)
        if isinstance(column, str) and used.setdefault(column, role) != role:
            said = f"{quoted(column)} cannot be both {used[column]} and {role}"
            problems.add(node.find(role), "column-repeated", said)


_COLUMNS = Table(
    Columns,
    optional("id", Text(), "The column that tells rows apart; pairs are made by it."),
    optional("truth", Text(), "The column of true answers."),
    optional("label", Text(), "The column of predicted answers."),
    optional(
        "score",
        OneOf[Any]("a column, or a column for each class", (Text(), Named(Text()))),
        "The column of scores; for a multiclass model a column for each class.",
    ),
    optional("weight", Text(), "The column of row weights."),
    optional("cluster", Text(), "The column that names what is sampled together, such as a customer."),
    optional("group", Text(), "The column that a ranking or a query is grouped by."),
    check=_check_columns,
)


def _check_model(model: Model, node: Node, problems: Problems) -> None:
    if model.predictions == model.path:
        problems.add(node.find("predictions"), "path-repeated", "the predictions cannot be the model itself")
    if isinstance(model.columns.score, Mapping) and model.task is not Task.MULTICLASS:
        said = f"a {model.task.value} model has one score column"
        problems.add(node.find("columns", "score"), "score-not-one", said, help="name that column")


_MODEL = Table(
    Model,
    required("path", PATH, "The model's file or directory, a cached output in dvc.yaml."),
    required("task", Choice(Task), "What the model predicts."),
    optional("predictions", PATH, "Its predictions on the test rows, a cached output in dvc.yaml."),
    optional(
        "test", PATH, "Features of the held-out rows, joined to the predictions by id; each row has one."
    ),
    optional("columns", _COLUMNS, "The columns of the predictions file."),
    optional("load", ATTRIBUTE, "load(path) gives an object with predict, in the user's environment."),
    optional("owner", Text(), "Who answers for the model."),
    blank=("name",),
    check=_check_model,
)


def _check_objective(objective: Objective, node: Node, problems: Problems) -> None:
    drop = objective.may_drop
    if drop and drop.value == 0 and not objective.exact and not objective.source:
        problems.add(
            node.find("may_drop"),
            "may-drop-zero",
            "no sample can show that a metric dropped by nothing at all",
            help="allow a little, or say `kind: exact` for a number without sampling error",
        )
    if not objective.model and not objective.source:
        said = (
            "an objective needs `model` (computed from its predictions) or `from` (a file that declares it)"
        )
        problems.add(node, "objective-without-source", said, help="model: NAME, or from: metrics.json#/key")
    if objective.source and objective.judge is Judge.INTERVAL:
        said = "a declared metric is one point, without an interval to judge"
        problems.add(node.find("judge"), "objective-without-interval", said, help="delete `judge`")
    if objective.source and drop and not objective.exact:
        problems.add(
            node.find("may_drop"),
            "may-drop-needs-exact",
            "a value in a file has no interval, so nothing could say whether it dropped by more",
            help="add `kind: exact`, which judges the point value, or leave `may_drop` out",
        )
    if objective.source and drop and objective.direction is None:
        said = "which way does this metric get better?"
        problems.add(node, "objective-without-direction", said, help="direction: higher, or direction: lower")
    low, high = objective.at_least, objective.at_most
    if low is not None and high is not None and low > high:
        said = f"nothing is at least {low:g} and at most {high:g}"
        problems.add(node.find("at_most"), "objective-impossible", said)


def _placed(value: Any, node: Node, _problems: Problems) -> Any:  # noqa: ANN401
    return replace(value, where=f"{FILE}:{node.mark.line}:{node.mark.column}")


_OBJECTIVE = Map[Objective](
    Table(
        Objective,
        required("metric", METRIC, "The metric's name."),
        optional("model", NAME, "The model whose predictions it is computed from."),
        optional("from", SOURCE, "Where the metric is declared: a file and a JSON pointer.", into="source"),
        optional("direction", Choice(Direction), "Which way the metric gets better."),
        optional("at_least", Number(), "The floor."),
        optional("at_most", Number(), "The ceiling."),
        optional(
            "may_drop", Drop(), "How much worse than the base it may get: absolute, or `n%` of the base."
        ),
        optional("kind", Exact(), "`exact`: a number without sampling error.", into="exact"),
        optional("judge", Choice(Judge), "What floor and ceiling are held against."),
        check=_check_objective,
    ),
    _placed,
)

_WAIVER = Map[Waiver](
    Table(
        Waiver,
        required("check", CHECK, "The check whose failure is accepted."),
        required("owner", Text(), "Who accepts it."),
        required("reason", Text(), "Why."),
        required("until", Day(), "The last day it holds."),
        optional("subject", Text(), "Only for this subject, such as a column or group."),
    ),
    _placed,
)


def _check_remotes(remotes: Remotes, node: Node, problems: Problems) -> None:
    if remotes.pull_request and remotes.pull_request in (remotes.read, remotes.write):
        said = "pull requests need a remote of their own, since main must never read what they wrote"
        problems.add(node.find("pull_request"), "remote-shared", said, help="name another DVC remote")


_REMOTES = Table(
    Remotes,
    optional("read", REMOTE, "The DVC remote that data comes from."),
    optional("write", REMOTE, "The DVC remote that main publishes to."),
    optional("pull_request", REMOTE, "A separate DVC remote that pull-request jobs may write to."),
    check=_check_remotes,
)

_ENVIRONMENT = Table(
    Environment,
    optional("follows", NAME, "`new`, or an environment: what runs here unless the environment's file says."),
    optional("needs", NAME, "The environment where a version must have been before."),
    optional("deploy", SCRIPT, "The command that deploys; it may use {version}, {model} and {environment}."),
    blank=("name",),
)

_RUNNER = Map[tuple[str, ...]](
    OneOf[Any]("a runner's label, or a list of labels", (Text(), Listing(Text(), at_least=1))),
    lambda found, _node, _problems: (found,) if isinstance(found, str) else found,
)

_STAGE = Table(
    StageSettings,
    optional("runner", _RUNNER, "Labels of the runner that this stage needs."),
    optional("timeout", Duration(minimum=60), "How long the stage may take."),
)

_REPORT = Table(
    ReportSettings,
    optional("baselines", Listing(Text(), distinct=True), "The branch and environments to compare with."),
    optional("comment", Choice(CommentBy), "What posts the comment on a pull request."),
    optional(
        "rows",
        Choice(Rows),
        "`samples`: cell values, such as what a stage said before it failed, may stand in a report, and the "
        "ids of rows that flipped in its artifact.",
    ),
    optional("renamed", Named(SOURCE, SOURCE), "Metrics and parameters under a new name: old place to new."),
)


def _ci(providers: Callable[[], tuple[str, ...]]) -> Table[Ci]:
    return Table(
        Ci,
        optional(
            "providers",
            Listing(Among(providers), distinct=True),
            "The CI providers to write files for.",
        ),
        optional("branch", BRANCH, "The branch that versions are registered from."),
        optional("install", SCRIPT, "The command that installs the user's environment."),
        optional("mlci", Text(), "The requirement by which CI installs mlci, such as mlci==1.2.0."),
        optional(
            "lock",
            Choice(LockAuthor),
            "Who commits dvc.lock; with ci, a job commits it to the branch of the pull request.",
        ),
        optional("dedicated", Flag(), "Whether the runners are ours alone, so that load figures can fail."),
        optional("timeout", Duration(minimum=60), "How long a job may take."),
        optional(
            "secrets", Listing(SECRET, distinct=True), "CI secrets that reach DVC and deploys as variables."
        ),
        optional("stages", Named(_STAGE), "What single stages of dvc.yaml need."),
    )


def config_schema(
    gates: Mapping[str, Schema[object]],
    providers: Callable[[], tuple[str, ...]] = lambda: Ci().providers,
    checks: Callable[[], Collection[str]] = tuple,
) -> Schema[Config]:
    """The shape of the whole file, with each gate's own part in its place; `checks` tells the gates' own."""
    table = Table(
        Config,
        required(
            "version",
            Constant(1, "this mlci reads version 1 of the file"),
            "The version of this file's form.",
        ),
        required("project", SLUG, "The project's name."),
        optional("python", Text(), "The user's interpreter; pipeline, model and their tests run there."),
        optional("models", Named(_MODEL, NAME, fills="name"), "The models, by name."),
        optional("objectives", Listing(_OBJECTIVE), "The problem definition, made checkable."),
        optional("gates", Gates(gates), "The families of tests, each with its own options."),
        optional("waivers", Listing(_WAIVER), "Failures that somebody accepts until a day."),
        optional("remotes", _REMOTES, "The DVC remotes by what they are for."),
        optional("environments", Named(_ENVIRONMENT, NAME, fills="name"), "The environments, in order."),
        optional("ci", _ci(providers), "How CI is generated."),
        optional("report", _REPORT, "What a report compares with and may show."),
    )
    return Map[Config](
        Map[Config](table, check_together),
        lambda config, node, problems: check_waivers(config, node, problems, checks),
    )


def document_schema(schema: Schema[Config]) -> JsonValue:
    """The shape as a whole JSON Schema document, for editors."""
    body = schema.json_schema()
    if not isinstance(body, dict):
        raise TypeError("a configuration is an object")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": SCHEMA_ID,
        "title": FILE,
        "description": (
            "What must be true of a machine-learning repository. Save this document beside mlci.yaml"
            " (`mlci schema > mlci.schema.json`) and point an editor at it with the comment"
            " `# yaml-language-server: $schema=mlci.schema.json` on the first line."
        ),
        **body,
    }
