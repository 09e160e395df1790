"""What a shell completes beside commands and options; where nothing can be read, it offers nothing."""

from collections.abc import Callable, Iterable, Iterator

import click

from mlci.errors import MlciError
from mlci.wiring import Settings, World

Complete = Callable[[click.Context, click.Parameter, str], list[str]]


def _among(find: Callable[[World], Iterable[str]]) -> Complete:
    def complete(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
        try:
            with context.scope(cleanup=False):
                found = set(find(World(context.find_root().ensure_object(Settings))))
        except (MlciError, OSError):
            return []  # a shell has no place where an error could be told
        return sorted(each for each in found if each.startswith(incomplete))

    return complete


def _models(world: World) -> Iterator[str]:
    from mlci.core.registry.tag import parse

    yield from world.project().config.models
    for ref in world.repository().refs("refs/tags/"):
        if tag := parse(ref.removeprefix("refs/tags/")):
            yield tag.model


def _versions(world: World) -> Iterator[str]:
    from mlci.core.registry.tag import parse

    yield from _models(world)
    for ref in world.repository().refs("refs/tags/"):
        tag = parse(ref.removeprefix("refs/tags/"))
        if tag and tag.version:
            yield f"{tag.model}@{tag.version}"


def _references(world: World) -> Iterator[str]:
    yield from _versions(world)
    yield from (f"{model}#{each}" for model in set(_models(world)) for each in _environments(world))


def _environments(world: World) -> Iterable[str]:
    return world.project().config.environments


def _stages(world: World) -> Iterable[str]:
    from mlci.core.dvc.files import PIPELINE_FILE, read_pipeline

    return read_pipeline(world.files_at(world.project().directory).read(PIPELINE_FILE)).stages


def _gates(_world: World) -> Iterable[str]:
    from mlci import gates

    return gates.ids()


def _pages(_world: World) -> Iterable[str]:
    from mlci.cli.explain import all_pages

    return (page.id for page in all_pages())


models, versions, references = _among(_models), _among(_versions), _among(_references)
environments, stages = _among(_environments), _among(_stages)
gates, pages = _among(_gates), _among(_pages)
