"""What DVC would refuse or never come to an end with, told by name before it is started."""

import posixpath
from collections.abc import Iterator, Mapping

from mlci.core.dvc.files import PIPELINE_FILE, PipelineFile, Stage, is_url
from mlci.core.dvc.stages import parents
from mlci.core.problems import quoted
from mlci.errors import ConfigError
from mlci.ports.worktree import WorkTree


def refuse_unnamable(pipelines: Mapping[str, PipelineFile]) -> None:
    """Refuse a stage that DVC reads and then cannot find. `pipelines` stand as they are written."""
    for home, pipeline in sorted(pipelines.items()):
        for name, stage in pipeline.stages.items():
            if "@" in name:
                raise ConfigError(
                    f"DVC cannot find a stage named {quoted(name)}: only a `foreach` or `matrix` brings an @",
                    id="stage-unnamable",
                    where=f"{posixpath.join(home, PIPELINE_FILE)}:{stage.line}",
                    help="give the stage another name",
                )


def refuse_rivals(stages: Mapping[str, Stage], tracked: Mapping[str, str]) -> None:
    """Refuse a file that a stage makes and a `*.dvc` file tracks; `tracked` leads from that to this."""
    made = {stage.place(out.path): name for name, stage in stages.items() for out in stage.outs}
    for path, name in made.items():
        for around in (path, *parents(path)):
            if around in tracked:
                raise _rivals(path, name, tracked[around])
    for path, file in tracked.items():
        for around in parents(path):
            if around in made:
                raise _rivals(path, made[around], file)


def refuse_endless(stages: Mapping[str, Stage], tracked: Mapping[str, str], tree: WorkTree) -> None:
    """Refuse what cannot be read to an end: DVC would wait for it as long as it may."""
    for path, owner in {**tracked, **dict(_used(stages))}.items():
        found = None if is_url(path) else tree.endless(path)
        if found:
            within = "" if found == path else f" in {quoted(path)}"
            raise ConfigError(
                f"{quoted(found)}{within}, which {quoted(owner)} names, is a device, a pipe or a socket",
                id="not-a-file",
                where=PIPELINE_FILE,
                help="name a file or a directory" if found == path else "take it away",
            )


def _used(stages: Mapping[str, Stage]) -> Iterator[tuple[str, str]]:
    for name, stage in stages.items():
        read = (*stage.deps, *(use.file for use in stage.params))
        yield from ((stage.place(path), name) for path in (*read, *(out.path for out in stage.outs)))


def _rivals(path: str, stage: str, file: str) -> ConfigError:
    return ConfigError(
        f"{quoted(path)} is made by the stage {quoted(stage)} and tracked by {quoted(file)}",
        id="output-shared",
        where=file,
        help=f"keep one of the two; `dvc remove` with {quoted(file)} ends the tracking",
    )
