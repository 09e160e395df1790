"""Git notes: a report on any Git server, with no API at all."""

from mlci.forges.notes.forge import Notes

__all__ = ["Notes"]
