"""What stands in the registry, by model."""

from msgspec import Struct

from mlci.core.registry import ModelState, Odd, Oddity, fold
from mlci.core.strictjson import JsonValue
from mlci.core.tag import is_called
from mlci.ports.git import Git


class Row(Struct, frozen=True, kw_only=True):
    """One model: its latest version, and what each environment runs."""

    model: str
    latest: str | None
    active: bool
    runs: dict[str, str]
    versions: tuple[str, ...]


class Models(Struct, frozen=True, kw_only=True):
    """All models that the local tags speak of, and the tags that nothing could be made of."""

    rows: tuple[Row, ...]
    stages: tuple[str, ...]
    oddities: tuple[Oddity, ...]

    @property
    def told(self) -> tuple[Oddity, ...]:
        """The oddities a person should hear of: tags of other tools are nobody's fault."""
        return tuple(each for each in self.oddities if each.kind is not Odd.FOREIGN)

    def document(self) -> JsonValue:
        """The same as a JSON value."""
        rows: dict[str, JsonValue] = {
            each.model: {
                "latest": each.latest,
                "active": each.active,
                "environments": {stage: each.runs.get(stage) for stage in self.stages},
                "versions": list(each.versions),
            }
            for each in self.rows
        }
        odd: list[JsonValue] = [
            {"tag": each.tag, "kind": each.kind.value, "message": each.message} for each in self.oddities
        ]
        return {"models": rows, "oddities": odd}


def models(git: Git, *, name: str | None = None, all: bool = False) -> Models:
    """Read the registry from the local tags: deprecated models only when `all` are asked for."""
    registry = fold(git.tags())
    chosen = [each for each in registry.models.values() if name is None or is_called(each.name, name)]
    rows = tuple(_row(each) for each in chosen if all or each.active)
    return Models(rows=rows, stages=registry.stages, oddities=registry.oddities)


def _row(state: ModelState) -> Row:
    latest = state.latest
    runs = {stage: current.release.shown for stage in state.stages if (current := state.current(stage))}
    return Row(
        model=state.name,
        latest=latest.title if latest else None,
        active=state.active,
        runs=runs,
        versions=tuple(each.title for each in state.versions),
    )
