"""Shell lines of generated jobs. Words are quoted; only the user's own command goes in as it is."""

import shlex

from mlci.core.pipeline import Installation, Step, Value

UV = "0.13.8"


def install_mlci(installation: Installation) -> str:
    """Put mlci in an environment of its own, with what the user named beside it."""
    tool, *others = installation.mlci
    words = ["uv", "tool", "install", "--quiet", tool]
    words += [word for other in others for word in ("--with", other)]
    return shlex.join(words)


def install_project(installation: Installation) -> str | None:
    """Fill the project's own environment; None when there is nothing to do."""
    if not installation.project:
        return None
    if installation.venv is None:
        return installation.project
    venv = shlex.quote(installation.venv)
    enter = f"uv venv --quiet --seed --allow-existing {venv}\n. {venv}/bin/activate\n"
    return enter + installation.project.rstrip("\n") + "\n"


def command(step: Step) -> str:
    """One mlci command; a value that only the provider knows is its variable."""
    words = (f'"${word.value}"' if isinstance(word, Value) else shlex.quote(word) for word in step.command)
    return " ".join(["mlci", *words])


def values(step: Step) -> tuple[Value, ...]:
    """The values that a step's command needs."""
    return tuple(word for word in step.command if isinstance(word, Value))
