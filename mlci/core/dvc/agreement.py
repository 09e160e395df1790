"""What must hold between `mlci.yaml` and `dvc.yaml`."""

import posixpath
from collections.abc import Mapping

from mlci.core.config import Config
from mlci.core.dvc.files import PipelineFile, TrackedFile, is_inside, located
from mlci.core.problems import did_you_mean, quoted
from mlci.core.schema import Problems
from mlci.core.yaml.node import Node


def check_pipeline(
    config: Config,
    tree: Node,
    pipelines: Mapping[str, PipelineFile],
    problems: Problems,
    tracked: Mapping[str, TrackedFile] | None = None,
) -> None:
    """Name every model, predictions file and stage that the pipeline does not know.

    `pipelines` are the `dvc.yaml` files by directory (the project's own is at `.`), `tracked` the `*.dvc`
    files by path. Where a template leaves open what a pipeline makes, nothing is claimed.
    """
    added = {
        located(path, posixpath.dirname(name))
        for name, file in (tracked or {}).items()
        for path in file.places()
    }
    for name, model in config.models.items():
        place = tree.find("models", name)
        if not any(is_inside(model.path, each) for each in added):
            _check_output(model.path, place.find("path"), "the model", pipelines, problems)
        if model.predictions:
            _check_output(
                model.predictions, place.find("predictions"), "the predictions", pipelines, problems
            )
    _check_stages(config, tree, pipelines, problems)


def _check_output(
    path: str, node: Node, what: str, pipelines: Mapping[str, PipelineFile], problems: Problems
) -> None:
    if not path:
        return
    found = [owner for top, each in pipelines.items() if (owner := each.owner(_from(top, path)))]
    if not found:
        if not any(stage.templated for each in pipelines.values() for stage in each.stages.values()):
            said = f"{what} {quoted(path)} is no output of a stage in dvc.yaml"
            problems.add(node, "not-an-output", said, help=did_you_mean(path, _outputs(pipelines), "outputs"))
        return
    stage, out = found[0]
    if not out.cache:
        said = f"{what} {quoted(path)} has `cache: false` in stage {quoted(stage.name)}"
        hint = "delete `cache: false`: only a cached output can be had again elsewhere"
        problems.add(node, "not-cached", said, help=hint)


def _from(directory: str, path: str) -> str:
    """A path of the project as a `dvc.yaml` in a directory of it would write it."""
    return posixpath.relpath(posixpath.join("/", path), posixpath.join("/", directory))


def _outputs(pipelines: Mapping[str, PipelineFile]) -> tuple[str, ...]:
    return tuple(
        located(stage.place(out.path), top)
        for top, pipeline in pipelines.items()
        for stage in pipeline.stages.values()
        for out in stage.outs
    )


def _check_stages(
    config: Config, tree: Node, pipelines: Mapping[str, PipelineFile], problems: Problems
) -> None:
    stages = {name: stage for each in pipelines.values() for name, stage in each.stages.items()}
    known = {*stages, *(name for each in pipelines.values() for name in each.instances())}
    for name in config.ci.stages:
        group = stages.get(name.partition("@")[0])
        open_ended = group is not None and group.instances is None and "@" in name
        if name not in known and not open_ended:
            place = tree.find_key("ci", "stages", name)
            said = f"there is no stage {quoted(name)} in dvc.yaml"
            problems.add(place, "unknown-stage", said, help=did_you_mean(name, known, "stages"))
