"""What one project wants of the registry: its models, and its environment files at a commit."""

from collections.abc import Mapping

from mlci.app.registry.journals import read_entries, witness_of
from mlci.app.registry.ledger import Snapshot
from mlci.core.config import Config
from mlci.core.registry import environments, journal
from mlci.core.registry.environments import Desired, Situation
from mlci.core.registry.fold import fold
from mlci.core.registry.tag import full_name
from mlci.ports.files import Files
from mlci.ports.git import Git

Contents = Mapping[str, bytes | None]


def models_of(config: Config, prefix: str) -> dict[str, str]:
    """The project's models: name in its `mlci.yaml` to name in the whole repository."""
    return {name: full_name(prefix, name) for name in config.models}


def path_of(prefix: str, path: str) -> str:
    """A path of the project, seen from the top of the repository."""
    return f"{prefix}/{path}" if prefix else path


def desired_at(git: Git, config: Config, prefix: str, commit: str) -> dict[str, Desired]:
    """The environment files of a commit. Raises ConfigError for one that cannot be read."""
    return desired_in(contents_at(git, config, prefix, commit), config, prefix)


def desired_in(contents: Contents, config: Config, prefix: str) -> dict[str, Desired]:
    """What these environment files say. Raises ConfigError for one that cannot be read."""
    return {
        name: environments.read(contents[name], name=path_of(prefix, each.file), models=config.models)
        for name, each in config.environments.items()
    }


def contents_at(git: Git, config: Config, prefix: str, commit: str) -> Contents:
    """The bytes of the environment files at a commit, by environment."""
    files = [path_of(prefix, each.file) for each in config.environments.values()]
    return dict(zip(config.environments, git.blobs([(commit, path) for path in files]), strict=True))


def contents_here(git: Git, files: Files, config: Config, prefix: str, committed: Contents) -> Contents:
    """The bytes of the environment files as they lie in the work tree, by environment.

    Where Git sees no change they are those of its commit: a checkout may have turned its line ends.
    """
    dirty = frozenset(git.dirty())
    return {
        name: files.read_if_there(each.file) if path_of(prefix, each.file) in dirty else committed[name]
        for name, each in config.environments.items()
    }


def situation_here(git: Git, config: Config, prefix: str, tip: str, contents: Contents) -> Situation:
    """What stands and what these files want, by the tags and the journal here: no remote is asked."""
    ref = git.resolve(journal.REF)
    return Situation(
        environments=config.environments,
        models=models_of(config, prefix),
        desired=desired_in(contents, config, prefix),
        registry=fold(git.tags()),
        line=tuple(git.first_parents(tip)),
        deployed=journal.deployed(read_entries(git, ref)),
        witness=witness_of(git, ref),
    )


def situation(
    git: Git, config: Config, prefix: str, snapshot: Snapshot, desired: Mapping[str, Desired] | None = None
) -> Situation:
    """What stands and what is wanted, by default by the files of the main branch as it is now."""
    wanted = desired_at(git, config, prefix, snapshot.tip) if desired is None else desired
    entries = read_entries(git, snapshot.journal)
    return Situation(
        environments=config.environments,
        models=models_of(config, prefix),
        desired=wanted,
        registry=snapshot.registry,
        line=snapshot.line,
        deployed=journal.deployed(entries),
        witness=witness_of(git, snapshot.journal),
    )
