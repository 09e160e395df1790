"""One model's whole life on a throw-away directory: the real commands, and what they really print."""

from collections.abc import Callable, Iterator, Mapping

from msgspec import Struct

from mlci.errors import WorldError
from mlci.ports.files import Files
from mlci.ports.process import Command, Finished, Process
from mlci.ports.progress import Progress

PROJECT = "credit"
# What the example's own pipeline and server import.
NEEDED = ("scikit-learn", "skops", "fastapi", "uvicorn", "polars")
# The demo's Git and DVC know nobody, sign nothing and share nothing; and it is no CI job, wherever it runs.
ENVIRONMENT = {
    "GIT_AUTHOR_NAME": "Ana",
    "GIT_AUTHOR_EMAIL": "ana@example.org",
    "GIT_COMMITTER_NAME": "Ana",
    "GIT_COMMITTER_EMAIL": "ana@example.org",
    "GIT_CONFIG_NOSYSTEM": "1",
    "DVC_NO_ANALYTICS": "1",
    "GITHUB_ACTIONS": "",
    "GITHUB_STEP_SUMMARY": "",
    "GITLAB_CI": "",
    "CI": "",
}


class Typed(Struct, frozen=True, kw_only=True):
    """A command as a person types it, and the exit code that the story expects."""

    words: tuple[str, ...]
    expect: int = 0
    above: bool = False

    @property
    def line(self) -> str:
        """The command as it is shown."""
        return " ".join(f"'{word}'" if set(word) & set(" #()") else word for word in self.words)


class Edited(Struct, frozen=True, kw_only=True):
    """A line of a file that somebody changes."""

    path: str
    before: str
    after: str


class Act(Struct, frozen=True, kw_only=True):
    """A part of the story: a title, what it shows, and what is done."""

    title: str
    says: str
    steps: tuple[Typed | Edited, ...]


def typed(line: str, *, expect: int = 0, above: bool = False) -> Typed:
    """Return a command from its words; a part in single quotes is one word."""
    pieces = line.split("'")
    words = [[piece] if index % 2 else piece.split() for index, piece in enumerate(pieces)]
    return Typed(words=tuple(word for some in words for word in some), expect=expect, above=above)


def _pull_request(branch: str, edit: Edited, *, expect: int = 0) -> tuple[Typed | Edited, ...]:
    return (
        typed(f"git switch --quiet -c {branch} main"),
        edit,
        typed("mlci run", expect=expect),
        typed(f"git commit --quiet --all --message '{branch}'"),
        typed("dvc push --quiet"),
        typed(f"git push --quiet origin {branch}"),
    )


MORE_TREES = Edited(path="params.yaml", before="max_iter: 60", after="max_iter: 200")
NEW_SEED = Edited(path="params.yaml", before="  seed: 7", after="  seed: 11")
FASTER = Edited(path="params.yaml", before="learning_rate: 0.1", after="learning_rate: 1.0")
MAIN = (typed("mlci run"), typed("mlci register"), typed("mlci reconcile"))

STORY = (
    Act(
        title="A repository with a model in it",
        says="A seeded data set of 30,000 credit applications, a pipeline, a model, its tests, and CI for\n"
        "GitHub and GitLab. The bare repository beside it plays the server.",
        steps=(
            typed(f"git init --quiet --bare --initial-branch main {PROJECT}.git", above=True),
            typed(f"mlci init {PROJECT} --template tabular-classification --yes", above=True),
            typed(f"git remote add origin ../{PROJECT}.git"),
        ),
    ),
    Act(
        title="The first model gets a version",
        says="What CI does on main: reproduce, test, register what is new, and give it to the environments\n"
        "that follow new versions. Then it is promoted to production, by a line in a file.",
        steps=(
            typed("dvc repro --quiet"),
            typed("git add --all"),
            typed("git commit --quiet --message 'Begin'"),
            typed("dvc push --quiet"),
            typed("git push --quiet --set-upstream origin main"),
            *MAIN,
            typed("mlci promote income@v0.1.0 --to prod"),
            typed("git commit --quiet --all --message 'Run income v0.1.0 in production'"),
            typed("git push --quiet"),
            typed("mlci reconcile"),
        ),
    ),
    Act(
        title="Pull request 1: more trees",
        says="A change that helps. The report says so, with its interval.",
        steps=_pull_request("more-trees", MORE_TREES),
    ),
    Act(
        title="Merged: a new version",
        says="Staging follows it; production waits for somebody to say so.",
        steps=(
            typed("git switch --quiet main"),
            typed("git merge --quiet --no-ff --no-edit more-trees"),
            typed("git push --quiet"),
            *MAIN,
            typed("mlci models"),
        ),
    ),
    Act(
        title="Pull request 2: another seed",
        says="Nothing but the seed of the training changed. The numbers moved, and the report says that\n"
        "this is chance. A rule that compares two numbers fires here in every other pull request.",
        steps=_pull_request("new-seed", NEW_SEED),
    ),
    Act(
        title="Pull request 3: a worse model",
        says="Every metric is still above its floor, so a threshold would let it through. The report says\n"
        "how much was lost, and the required check is red.",
        steps=_pull_request("faster", FASTER, expect=10),
    ),
    Act(
        title="Promoted, and rolled back",
        says="Merging a line in environments/prod.yaml is the promotion; taking it back is the rollback.",
        steps=(
            typed("git switch --quiet main"),
            typed("mlci promote income@v0.2.0 --to prod"),
            typed("git commit --quiet --all --message 'Run income v0.2.0 in production'"),
            typed("git push --quiet"),
            typed("mlci reconcile"),
            typed("mlci rollback prod income"),
            typed("git commit --quiet --all --message 'Go back to income v0.1.0'"),
            typed("git push --quiet"),
            typed("mlci reconcile"),
        ),
    ),
    Act(
        title="What happened, from Git alone",
        says="Versions and assignments are annotated tags; GTO, DVC and plain Git read them too.",
        steps=(
            typed("git tag --list --sort=taggerdate --format '%(refname:short)  %(contents:subject)'"),
            typed("mlci audit income"),
        ),
    ),
)


class Stage(Struct, frozen=True, kw_only=True):
    """Where the story is played, and with what. `programs` says how `mlci` and `dvc` are really run."""

    files: Files
    process: Process
    progress: Progress
    programs: Mapping[str, tuple[str, ...]]
    path: str
    tell: Callable[[str], None]


def demo(stage: Stage, story: tuple[Act, ...] = STORY) -> None:
    """Play the story. Raises WorldError when a command ends otherwise than the story has it."""
    for number, act in enumerate(story, 1):
        for line in _heading(number, len(story), act):
            stage.tell(line)
        for step in act.steps:
            if isinstance(step, Edited):
                _edit(stage, step)
            else:
                _type(stage, step)


def _heading(number: int, of: int, act: Act) -> Iterator[str]:
    yield ""
    yield f"── {number}/{of} {act.title} ".ljust(80, "─")
    yield from act.says.splitlines()
    yield ""


def _edit(stage: Stage, edit: Edited) -> None:
    path = f"{PROJECT}/{edit.path}"
    text = stage.files.read(path).decode()
    if edit.before not in text:
        raise WorldError(f"{edit.path} does not say {edit.before!r}", id="demo-broken", where=path)
    stage.tell(f"  {edit.path}: {edit.before.strip()} becomes {edit.after.strip()}")
    stage.files.write(path, text.replace(edit.before, edit.after, 1).encode())


def _type(stage: Stage, step: Typed) -> None:
    stage.tell(f"$ {step.line}")
    stage.progress.step(step.line)
    done = _run(stage, step)
    stage.progress.done()
    for line in done.stdout.decode("utf-8", "replace").splitlines():
        stage.tell(f"  {line}".rstrip())
    if done.code != step.expect or done.timed_out:
        raise WorldError(
            f"`{step.line}` ended with {done.code}, not {step.expect}: {done.last_lines(15)}",
            id="demo-broken",
            help="mlci demo --keep DIR leaves the directory to look at",
        )
    if step.expect:
        stage.tell(f"  (exit code {done.code}: the required check is red)")


def _run(stage: Stage, step: Typed) -> Finished:
    first, *rest = step.words
    directory = stage.files.root if step.above else stage.files.root / PROJECT
    argv = (*stage.programs.get(first, (first,)), *rest)
    nobody = str(stage.files.root / "nobody")
    settings = ("DVC_GLOBAL_CONFIG_DIR", "DVC_SYSTEM_CONFIG_DIR", "DVC_SITE_CACHE_DIR")
    environment = {
        **ENVIRONMENT,
        **dict.fromkeys(settings, nobody),
        "GIT_CONFIG_GLOBAL": f"{nobody}/gitconfig",
        "PATH": stage.path,
    }
    return stage.process.run(Command(argv=argv, cwd=directory, environment=environment, timeout=300))
