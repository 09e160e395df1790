"""Prepare the change that brings an environment back to what it ran before."""

from mlci.app.promote import Promotion, asked_now, asking, chosen, environment_of, name_of
from mlci.app.registry.ledger import Ledger
from mlci.core.config import Config
from mlci.core.registry.fold import ModelState, Release
from mlci.core.registry.tag import Action
from mlci.errors import RefusedError
from mlci.ports.files import Files


def rollback(
    ledger: Ledger,
    config: Config,
    prefix: str,
    files: Files | None,
    *,
    environment: str,
    model: str,
    version: str | None = None,
) -> Promotion:
    """Plan the line that asks for the version before the present one, or for the one named.

    A second rollback goes further back: the version that the first one left was left for a reason.
    The line stands in these files, else in those of the main branch.
    """
    place = environment_of(config, environment)
    snapshot = ledger.read()
    state = snapshot.registry.model(name_of(config, prefix, model))
    release = chosen(state, version) if version else _before(state, environment)
    withdrawn = _withdrawn(state, environment) if release is None else []
    if withdrawn:
        raise RefusedError(
            f"all that {environment} ever ran of {state.name} besides was withdrawn: {', '.join(withdrawn)}",
            id="nothing-to-roll-back-to",
            help=f"mlci models {model} lists the versions that stand",
        )
    if release is None and (left := _left(state, environment)):
        raise RefusedError(
            f"{environment} was rolled back from {', '.join(left)}, and ran nothing of {state.name} before",
            id="nothing-to-roll-back-to",
            help=f"mlci rollback {environment} {model} --to {left[-1]} goes there all the same",
        )
    if release is None or release.version is None or not state.was_in(environment, release):
        raise RefusedError(
            f"{environment} never ran {release.title if release else 'another version of'} {state.name}",
            id="nothing-to-roll-back-to",
            help=f"mlci history {model} shows what {environment} ran",
        )
    content = asked_now(ledger, prefix, files, place, snapshot)
    return asking(content, place, model, release.version, state, models=config.models, base=snapshot.tip)


def _before(state: ModelState, environment: str) -> Release | None:
    """What ran there before the present release, passing over what was withdrawn since."""
    current = state.current(environment)
    line = _line(state, environment)
    if current is not None and current.release in line:
        line = line[: line.index(current.release)]
    return next((each for each in reversed(line) if each.active and each.version is not None), None)


def _line(state: ModelState, environment: str) -> list[Release]:
    """What ran there, oldest first, without what it was rolled back from."""
    line: list[Release] = []
    for release, event in state.stages.get(environment, []):
        if event.action is Action.ASSIGN:
            kept = line.index(release) if release in line else len(line)
            line[kept:] = [release]
    return line


def _left(state: ModelState, environment: str) -> list[str]:
    """The versions that stand and that it was rolled back from, oldest first."""
    line = _line(state, environment)
    ran = (each for each, event in state.stages.get(environment, []) if event.action is Action.ASSIGN)
    return list(
        dict.fromkeys(each.title for each in ran if each.active and each.version and each not in line)
    )


def _withdrawn(state: ModelState, environment: str) -> list[str]:
    ran = (release for release, event in state.stages.get(environment, []) if event.action is Action.ASSIGN)
    return list(dict.fromkeys(each.title for each in ran if not each.active))
