"""How the project is: what `mlci.yaml` promises, what environments ask for, and where data lies."""

from collections.abc import Iterator

from mlci.app.patient import Patient, bad, good, poor
from mlci.app.registry.situation import situation_here
from mlci.app.stages.catalogue import read_catalogue
from mlci.core.config import CommentBy, Config, LockAuthor, Objective
from mlci.core.diff.leaves import read_leaves
from mlci.core.diff.renames import pointer
from mlci.core.dvc.stages import in_order
from mlci.core.finding import Finding
from mlci.core.registry import environments
from mlci.core.registry.environments import decide
from mlci.core.wording import count
from mlci.errors import ConfigError, MlciError, UsageError
from mlci.ports.dvc import Dvc
from mlci.ports.files import Files

_TOKENS = {
    "github": "on GitHub the secret MLCI_GITHUB_TOKEN for a run to follow by itself",
    "gitlab": "on GitLab the variable MLCI_GITLAB_TOKEN",
}


def examine_configuration(patient: Patient) -> Iterator[Finding]:
    """What is wrong with `mlci.yaml` itself."""
    try:
        config = patient.project().config
    except ConfigError as error:
        count = max(len(error.problems), 1)
        what = f"{count} problem{'s' * (count > 1)} in the configuration: {error}"
        yield bad("configuration", what, error.help or "mlci plan")
        return
    yield good("configuration", f"project {config.project}, models: {', '.join(config.models) or 'none'}")
    if config.report.comment is CommentBy.CML:
        yield _cml(patient)
    if config.ci.lock is LockAuthor.CI:
        yield _lock(config, patient)


def _lock(config: Config, patient: Patient) -> Finding:
    """Whether the job that commits the lock can push, and whether the run after it has to train again."""
    try:
        patient.after_push()
    except UsageError as error:
        return poor(
            "lock", f"CI commits dvc.lock, and could not here: {error.message}", "mlci explain ci.lock"
        )
    if config.remotes.pull_request is None:
        said = "CI commits dvc.lock, and keeps nowhere what it was made with: the next run trains again"
        return poor("lock", said, "name a DVC remote in `remotes.pull_request`")
    tokens = [_TOKENS[each] for each in config.ci.providers if each in _TOKENS]
    return good("lock", f"CI commits dvc.lock, and needs {' and '.join(tokens)}")


def _cml(patient: Patient) -> Finding:
    try:
        said = patient.process.run(patient.command("cml", "--version"))
    except MlciError:
        return bad(
            "cml", "`report.comment: cml` is asked for, and there is no cml", "npm install -g @dvcorg/cml"
        )
    return good("cml", f"cml {said.last_lines(1)}")


def examine_pipeline(patient: Patient) -> Iterator[Finding]:
    """Files of DVC that a plan could not be made of."""
    try:
        patient.project()
    except MlciError:
        return  # what is wrong with the configuration is another finding
    ground = patient.ground()
    stages = in_order(read_catalogue(ground.root, ground.tree, ground.dvc, ground.prefix).stages)
    told = f"{count(len(stages), 'stage')}, each after what it needs" if stages else "no stages"
    yield good("pipeline", told)


def examine_objectives(patient: Patient) -> Iterator[Finding]:
    """Objectives that a run could not measure."""
    try:
        config, files = patient.project().config, patient.files()
    except MlciError:
        return  # what is wrong with the configuration is another finding
    wrong = [
        found for each in config.objectives if (found := _misses(each, files) or _unheard_of(each, config))
    ]
    if config.objectives and not wrong:
        wrong = [good("objectives", f"{count(len(config.objectives), 'objective')} that can be measured")]
    yield from wrong


def _misses(objective: Objective, files: Files) -> Finding | None:
    """What a run would find missing where the value is said to stand."""
    if objective.source is None:
        return None
    place = pointer(objective.source)
    content = files.read_if_there(place.path)
    if content is None:
        said = f"{objective.where}: {place.path} is not here"
        return poor("objectives", said, "mlci run, if a stage writes it")
    if place.key not in read_leaves(content, place.path):
        said = f"{objective.where}: {objective.source} stands nowhere in that file"
        return bad("objectives", said, f"look at {place.path}, then correct `from:`")
    return None


def _unheard_of(objective: Objective, config: Config) -> Finding | None:
    from mlci.core.measure.metrics import find  # noqa: PLC0415 - arrays, for whoever names a metric

    models = [each for name, each in config.models.items() if objective.model in (name, None)]
    if objective.source is not None or not models:
        return None
    try:
        find(objective.metric, models[0].task, objective.where)
    except ConfigError as error:
        return bad("objectives", f"{objective.where}: {error.message}", error.help)
    return None


def examine_environments(patient: Patient) -> Iterator[Finding]:
    """Environment files that cannot be read, or that nobody reads."""
    try:
        config, files = patient.project().config, patient.files()
    except MlciError:
        return  # what is wrong with the configuration is another finding
    wrong = [*_misread(config, files), *_misnamed(config, files)]
    wrong = wrong or [*_refused(patient)]
    if config.environments and not wrong:
        wrong = [good("environments", f"{', '.join(config.environments)}, in this order")]
    yield from wrong


def _misread(config: Config, files: Files) -> Iterator[Finding]:
    for each in config.environments.values():
        try:
            environments.read(files.read_if_there(each.file), name=each.file, models=config.models)
        except ConfigError as error:
            told = error.problems[0].splitlines()[0] if error.problems else str(error)
            yield bad("environments", told, error.help or "mlci promote --check")


def _refused(patient: Patient) -> Iterator[Finding]:
    """What `mlci reconcile` would refuse, as far as the tags and the journal here tell."""
    project, files = patient.project(), patient.files()
    try:
        git = patient.repository()
        tip = git.resolve("HEAD")
    except MlciError:
        return  # what is wrong with the repository is another finding
    if tip is None:
        return
    contents = {name: files.read_if_there(each.file) for name, each in project.config.environments.items()}
    here = situation_here(git, project.config, project.prefix, tip, contents)
    for each in decide(here).refusals:
        yield poor("environments", f"as far as is known here, {each.message}", each.help)


def _misnamed(config: Config, files: Files) -> Iterator[Finding]:
    """A file that nobody reads, because no environment has its name."""
    read = {each.file for each in config.environments.values()}
    for name in files.names("environments"):
        path = f"environments/{name}"
        if path.endswith((".yaml", ".yml")) and path not in read:
            known = ", ".join(config.environments) or "none"
            yield poor(
                "environments",
                f"{path} belongs to no environment of mlci.yaml, so nobody reads it",
                f"rename it after one ({known}), or declare its own",
            )


def examine_data(patient: Patient) -> Iterator[Finding]:
    """Remotes that are not there, do not answer, or lack what `dvc.lock` names."""
    try:
        wanted = patient.project().config.remotes
    except MlciError:
        return  # what is wrong with the configuration is another finding
    dvc = patient.dvc()
    there = dvc.remotes()
    named = {name for name in (wanted.read, wanted.write, wanted.pull_request) if name}
    if missing := sorted(named - set(there)):
        yield bad("data", f"DVC knows no remote {missing[0]}", f"dvc remote add {missing[0]} URL")
    elif not there:
        said = "DVC has no remote, so data stays on this machine and nothing can be registered"
        yield poor("data", said, "dvc remote add --default storage URL")
    else:
        reads = wanted.read or dvc.default_remote()
        used = [each for each in (reads, wanted.write, wanted.pull_request) if each]
        wrong = [found for each in dict.fromkeys(used) if (found := _silent(dvc, each))]
        wrong += [_shared(reads)] if reads and reads == wanted.pull_request else []
        yield from wrong or [_forgotten(dvc, reads)]


def _silent(dvc: Dvc, remote: str) -> Finding | None:
    """What keeps a remote from being read: DVC tells one that is silent like one that is empty."""
    found = dvc.unreadable(remote)
    if found is None:
        return None
    if found.denied:
        return poor(
            "data",
            f"the remote {remote} answers, and lets nobody in without credentials: {found.why}",
            f"dvc remote modify --local {remote} OPTION VALUE; in CI, name its variables in `ci.secrets`",
        )
    return poor(
        "data",
        f"the remote {remote} cannot be read: {found.why}",
        f"look at its address with dvc remote list, then dvc push --remote {remote}",
    )


def _shared(remote: str) -> Finding:
    return bad(
        "data",
        f"pull requests may write to {remote}, where main reads: it would believe what they left there",
        "dvc remote default ANOTHER, or name another one in `remotes.pull_request`",
    )


def _forgotten(dvc: Dvc, remote: str | None) -> Finding:
    if remote is None:
        said = "none of DVC's remotes is its default, and `remotes.read` names none to read from"
        return poor("data", said, f"dvc remote default {min(dvc.remotes())}")
    missing = dvc.not_in_remote(remote=remote)
    if not missing:
        return good("data", f"DVC remotes: {', '.join(sorted(dvc.remotes()))}")
    more = " and more" if len(missing) > 1 else ""
    said = f"the remote {remote} does not hold {missing[0].path}{more}"
    return poor("data", said, f"dvc push --remote {remote}")
