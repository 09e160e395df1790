"""`mlci schema`: what an editor needs to check `mlci.yaml` while it is typed."""

from mlci.cli.output import Output
from mlci.cli.verb import verb
from mlci.wiring import World


@verb("mlci schema > mlci.schema.json")
def command(world: World, out: Output) -> None:
    """Print the JSON Schema of mlci.yaml.

    Save it, then point an editor at it by the first line of mlci.yaml:

    \b
        # yaml-language-server: $schema=mlci.schema.json
    """
    from mlci.app.schema import schema

    out.foreign(schema())
