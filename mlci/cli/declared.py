"""The configuration for commands that need none: it only tells a name that is new from one that is wrong."""

from typing import TYPE_CHECKING

from mlci.errors import MlciError
from mlci.wiring import World

if TYPE_CHECKING:
    from mlci.core.config import Config


def declared(world: World) -> "Config | None":
    """The project's configuration where there is one that can be read; the registry is told without it."""
    try:
        return world.project().config
    except MlciError:
        return None
