"""Tags as values, for tests that need no repository."""

from datetime import UTC, datetime, timedelta

from mlci.core.registry.fold import Registry, fold
from mlci.ports.git import Person, TagRecord

START = datetime(2026, 1, 1, tzinfo=UTC)


def tag(
    name: str, commit: str = "a", seconds: int = 0, *, annotated: bool = True, message: str = ""
) -> TagRecord:
    """A tag on a commit, so many seconds after the start of the year."""
    return TagRecord(
        name=name,
        object=f"object of {name}",
        commit=commit,
        annotated=annotated,
        tagger=Person(name="Ana", email="ana@example.com") if annotated else None,
        when=START + timedelta(seconds=seconds) if annotated else None,
        message=message,
    )


def history(*tags: tuple[str, str]) -> Registry:
    """The registry of tags, given as name and commit, a second apart."""
    return fold([tag(name, commit, second) for second, (name, commit) in enumerate(tags)])
