"""What `mlci init` can lay down."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from msgspec import Struct, field


class Template(Struct, frozen=True, kw_only=True):
    """One kind of project: unrendered files by path, and the answers it proposes."""

    id: str
    title: str
    defaults: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, bytes] = field(default_factory=dict)


class Templates(Protocol):
    """The templates that came with this mlci."""

    def ids(self) -> Sequence[str]:
        """Their ids, in the order in which they are offered."""
        ...

    def read(self, template_id: str) -> Template:
        """One template. Raises UsageError when there is none of that id."""
        ...
