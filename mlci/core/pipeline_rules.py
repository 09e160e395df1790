"""What must hold between `mlci.yaml` and `dvc.yaml`."""

import posixpath
from collections.abc import Mapping

from mlci.core.config import Config
from mlci.core.dvcfiles import Out, PipelineFile, Stage, TrackedFile, is_inside, located
from mlci.core.problems import did_you_mean, quoted
from mlci.core.schema import Problems
from mlci.core.yamltree import Node


def check_pipeline(
    config: Config,
    tree: Node,
    pipeline: PipelineFile,
    problems: Problems,
    tracked: Mapping[str, TrackedFile] | None = None,
) -> None:
    """Name every model, predictions file and stage that the pipeline does not know.

    `tracked` are the `*.dvc` files beside the configuration, by path. Where a template of the pipeline
    leaves open what it makes, nothing is claimed.
    """
    added = {
        located(path, posixpath.dirname(name))
        for name, file in (tracked or {}).items()
        for path in file.places()
    }
    for name, model in config.models.items():
        place = tree.find("models", name)
        if not any(is_inside(model.path, each) for each in added):
            _check_output(model.path, place.find("path"), "the model", pipeline, problems)
        if model.predictions:
            _check_output(model.predictions, place.find("predictions"), "the predictions", pipeline, problems)
    _check_stages(config, tree, pipeline, problems)


def _check_output(path: str, node: Node, what: str, pipeline: PipelineFile, problems: Problems) -> None:
    if not path:
        return
    owner = pipeline.owner(path)
    if owner is None:
        if not any(stage.templated for stage in pipeline.stages.values()):
            said = f"{what} {quoted(path)} is no output of a stage in dvc.yaml"
            problems.add(node, "not-an-output", said, help=did_you_mean(path, _outputs(pipeline), "outputs"))
        return
    stage, out = owner
    if not out.cache:
        said = f"{what} {quoted(path)} has `cache: false` in stage {quoted(stage.name)}"
        hint = "delete `cache: false`: only a cached output can be had again elsewhere"
        problems.add(node, "not-cached", said, help=hint)


def _outputs(pipeline: PipelineFile) -> tuple[str, ...]:
    found: list[tuple[Stage, Out]] = [(each, out) for each in pipeline.stages.values() for out in each.outs]
    return tuple(stage.place(out.path) for stage, out in found)


def _check_stages(config: Config, tree: Node, pipeline: PipelineFile, problems: Problems) -> None:
    known = {*pipeline.stages, *pipeline.instances()}
    for name in config.ci.stages:
        group = pipeline.stages.get(name.partition("@")[0])
        open_ended = group is not None and group.instances is None and "@" in name
        if name not in known and not open_ended:
            place = tree.find_key("ci", "stages", name)
            said = f"there is no stage {quoted(name)} in dvc.yaml"
            problems.add(place, "unknown-stage", said, help=did_you_mean(name, known, "stages"))
