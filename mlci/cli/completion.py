"""`mlci completion`: the script that lets a shell complete our commands."""

import click
from click.shell_completion import ShellComplete, get_completion_class

from mlci.cli.output import Output
from mlci.cli.verb import verb
from mlci.wiring import World


@verb('eval "$(mlci completion bash)"', "mlci completion fish > ~/.config/fish/completions/mlci.fish")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def command(world: World, out: Output, shell: str) -> None:
    """Print the script that completes mlci's words in a shell."""
    complete = get_completion_class(shell)
    if complete is not None:
        # The base class's own method: the one for bash starts a bash to ask for its version.
        root = click.get_current_context().find_root().command
        out.raw(ShellComplete.source(complete(root, {}, "mlci", "_MLCI_COMPLETE")) + "\n")
