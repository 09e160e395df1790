"""`mlci completion`: the script that lets a shell complete our commands."""

import click
from click.shell_completion import get_completion_class

from mlci.cli.output import Output
from mlci.cli.verb import verb
from mlci.errors import UsageError
from mlci.wiring import World

# Bash ends a word at `@`, `:` and `=` too, which click's own script does not know and our names hold: pieces
# are joined before we are asked. Of an answer it wants what comes after the last mark; an `@` with it.
_BASH = r"""_mlci_completion() {
    local IFS=$' \t\n' rest="$COMP_LINE" piece="" words=() type value
    for piece in "${COMP_WORDS[@]:0:COMP_CWORD+1}"; do
        if [[ ${#words[@]} -gt 0 && "$rest" != [[:space:]]* ]]; then
            words[-1]+="$piece"
        else
            rest="${rest#"${rest%%[![:space:]]*}"}"
            words+=("$piece")
        fi
        rest="${rest#"$piece"}"
    done
    [[ "$piece" == [@:=]* ]] && piece=""
    local typed="${words[-1]%"$piece"}"
    typed="${typed%@}"
    while IFS=, read -r type value; do
        case "$type" in
            dir) COMPREPLY=(); compopt -o dirnames ;;
            file) COMPREPLY=(); compopt -o default ;;
            plain) COMPREPLY+=("${value#"$typed"}") ;;
        esac
    done < <(COMP_WORDS="${words[*]}" COMP_CWORD=$((${#words[@]} - 1)) _MLCI_COMPLETE=bash_complete "$1")
}

complete -o nosort -F _mlci_completion mlci
"""


@verb('eval "$(mlci completion bash)"', "mlci completion fish > ~/.config/fish/completions/mlci.fish")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def command(world: World, out: Output, shell: str) -> None:
    """Print the script that completes mlci's words in a shell."""
    script = _BASH if shell == "bash" else _script(shell)
    out.answer({"shell": shell, "script": script}, script)


def _script(shell: str) -> str:
    complete = get_completion_class(shell)
    if complete is None:
        raise UsageError(f"nothing completes words in {shell}", id="usage", help="mlci completion --help")
    root = click.get_current_context().find_root().command
    return complete(root, {}, "mlci", "_MLCI_COMPLETE").source() + "\n"
