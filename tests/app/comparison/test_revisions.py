"""Which commits a diff is of, in clones that hold only a part of the history."""

import re

import pytest

from mlci.adapters.git import GitCli
from mlci.adapters.process import ProcessRunner
from mlci.app.comparison.revisions import choose, resolve
from mlci.core.config import Config, Model, Task
from mlci.core.context import RunContext, Trigger
from mlci.errors import UsageError
from tests.support.repository import repository

CONFIG = Config(project="credit")
ENVIRONMENT = {"PATH": "/usr/bin:/bin"}


def chosen(path, **context):
    git = GitCli(ProcessRunner(ENVIRONMENT), path, ENVIRONMENT)
    return choose(git, CONFIG, RunContext(**context), prefix="", base=None, head=None)


def grown(tmp_path, *, before, after, work=1):
    """A repository: some commits, a branch begun there, and commits on both."""
    story = repository(tmp_path / "origin")
    for _ in range(before):
        story.commit()
    began = story.head
    story.branch("work")
    for _ in range(work):
        story.commit()
    story.switch("main")
    for _ in range(after):
        story.commit()
    return story.switch("work"), began


@pytest.mark.parametrize(("after", "work"), [(3, 2), (60, 2), (3, 120)])
def test_a_shallow_clone_is_deepened_until_the_branch_began(tmp_path, after, work):
    story, began = grown(tmp_path, before=2, after=after, work=work)
    clone = story.clone(tmp_path / "clone", depth=1)
    found = chosen(clone.path, head=clone.head, base_tip=story.sha("main"))
    assert (found.base, found.base_name) == (began, "main")
    (note,) = found.notes
    assert re.fullmatch(f"this clone is shallow: (50|200) more commits were fetched .* {began[:10]}", note)
    assert chosen(clone.path, head=clone.head, base_tip=story.sha("main")).notes == ()


def test_of_a_moved_base_the_branch_is_taken(tmp_path):
    story, began = grown(tmp_path, before=2, after=2)
    clone = story.clone(tmp_path / "clone", depth=1)
    assert chosen(clone.path, head=clone.head, base_tip="1" * 40).base == began


def test_what_began_too_long_ago_is_compared_with_the_branch_as_it_is(tmp_path, monkeypatch):
    monkeypatch.setattr("mlci.app.comparison.revisions.DEPTHS", (2, 4))
    story, _ = grown(tmp_path, before=1, after=9)
    clone = story.clone(tmp_path / "clone", depth=1)
    found = chosen(clone.path, head=clone.head)
    assert found.base == story.sha("main")
    assert "cut off 4 commits back" in found.notes[0]


def test_a_remote_that_is_gone_is_told(tmp_path):
    story, _ = grown(tmp_path, before=1, after=9)
    story.clone(tmp_path / "clone", depth=1).git(
        "fetch", "-q", "--depth=1", "origin", "main:refs/remotes/origin/main"
    )
    (tmp_path / "origin").rename(tmp_path / "gone")
    found = chosen(tmp_path / "clone")
    assert "history is cut off, and cannot be brought here" in found.notes[0]
    assert found.base is not None


def test_unrelated_histories_are_no_matter_of_depth(tmp_path):
    story = repository(tmp_path / "origin").commit()
    story.git("switch", "--quiet", "--orphan", "work")
    story.commit({"a": "1"}).commit({"a": "2"})
    clone = story.clone(tmp_path / "clone", depth=1)
    found = chosen(clone.path, head=clone.head)
    assert found.base == story.sha("main")
    assert "unrelated" in found.notes[0]


@pytest.mark.parametrize("depth", [None, 1])
def test_a_base_that_is_named_and_has_nothing_in_common_is_told(tmp_path, depth):
    story = repository(tmp_path / "origin").commit().commit()
    story.git("switch", "--quiet", "--orphan", "work")
    story.commit({"a": "1"})
    clone = story.clone(tmp_path / "clone", depth=depth)
    if depth:
        clone.git("fetch", "-q", "--depth=1", "origin", "main:refs/remotes/origin/main")
    git = GitCli(ProcessRunner(ENVIRONMENT), clone.path, ENVIRONMENT)
    found = choose(git, CONFIG, RunContext(), prefix="", base="origin/main", head=None)
    assert found.base == story.sha("main")
    assert found.apart() is (depth is None)
    assert not choose(git, CONFIG, RunContext(), prefix="", base="HEAD", head="HEAD").apart()


def released(tmp_path):
    story = repository(tmp_path / "origin").commit()
    story.git("tag", "--annotate", "income@v1.0.0", "--message", "Register income v1.0.0")
    story.git("tag", "--annotate", "other@v9.0.0", "--message", "Register other v9.0.0")
    return story.commit().commit()


def on_main(path):
    git = GitCli(ProcessRunner(ENVIRONMENT), path, ENVIRONMENT)
    config = Config(project="credit", models={"income": Model(name="income", path="m", task=Task.BINARY)})
    return choose(git, config, RunContext(trigger=Trigger.MAIN), prefix="", base=None, head=None)


@pytest.mark.parametrize("options", [["--depth=1"], ["--no-tags"], ["--depth=1", "--no-tags"]])
def test_versions_that_a_clone_lacks_are_brought(tmp_path, options):
    story = released(tmp_path)
    story.git("clone", "--quiet", *options, story.path.as_uri(), str(tmp_path / "clone"))
    found = on_main(tmp_path / "clone")
    assert (found.base_name, found.notes) == ("income@v1.0.0", ())
    assert found.base == story.sha("income@v1.0.0^{commit}")


def test_a_clone_that_cannot_ask_does_not_claim_that_there_is_no_version(tmp_path):
    story = released(tmp_path)
    clone = story.clone(tmp_path / "clone", depth=1)
    story.path.rename(tmp_path / "gone")
    found = on_main(clone.path)
    assert found.base is None
    assert found.notes == ("origin cannot be asked for versions that are not here: git fetch --tags origin",)


def test_without_any_version_anywhere_there_is_nothing_to_compare_with(tmp_path):
    story = repository(tmp_path / "origin").commit()
    found = on_main(story.clone(tmp_path / "clone", depth=1).path)
    assert found.notes == ("no version is registered yet: nothing to compare with",)


@pytest.mark.parametrize(
    ("depth", "said", "advice"),
    [
        (1, "here, where history is cut off", "git fetch --unshallow --tags,"),
        (None, "here", "git fetch --tags,"),
    ],
)
def test_a_name_that_is_not_here_may_lie_in_the_history_that_was_cut_off(tmp_path, depth, said, advice):
    story = repository(tmp_path / "origin").commit().commit()
    clone = story.clone(tmp_path / "clone", depth=depth)
    with pytest.raises(UsageError) as caught:
        resolve(GitCli(ProcessRunner(ENVIRONMENT), clone.path, ENVIRONMENT), "HEAD~7")
    assert caught.value.message.endswith(said)
    assert caught.value.help.startswith(advice)


def test_a_branch_is_not_to_be_fetched_from_an_origin_that_does_not_exist(tmp_path):
    story = repository(tmp_path / "work", branch="master").commit()
    (note,) = chosen(story.path).notes
    assert note.endswith(
        "(git remote add origin URL, or a branch that is here as `ci: {branch: NAME}` in mlci.yaml)"
    )
    story.git("remote", "add", "origin", str(tmp_path / "gone"))
    (note,) = chosen(story.path).notes
    assert note.endswith("(git fetch origin main)")


def test_a_branch_that_only_the_remote_has_is_that_branch(tmp_path):
    story, _ = grown(tmp_path, before=1, after=2)
    clone = story.clone(tmp_path / "clone")
    git = GitCli(ProcessRunner(ENVIRONMENT), clone.path, ENVIRONMENT)
    assert git.resolve("main") is None
    found = choose(git, CONFIG, RunContext(), prefix="", base="main", head="main")
    assert (found.base, found.head) == (story.sha("main"), story.sha("main"))
    assert (found.base_name, found.head_name) == ("main", "main")


def test_a_branch_here_is_not_taken_for_the_remotes(tmp_path):
    story, began = grown(tmp_path, before=1, after=2)
    clone = story.clone(tmp_path / "clone")
    clone.git("branch", "main", began)
    assert resolve(GitCli(ProcessRunner(ENVIRONMENT), clone.path, ENVIRONMENT), "main") == began


@pytest.mark.parametrize("prefix", ["", "credit"])
def test_for_a_models_name_its_newest_version_is_proposed(tmp_path, prefix):
    own = f"{prefix}=income" if prefix else "income"
    story = repository(tmp_path / "work").commit().tag(f"{own}@v0.9.0").tag(f"{own}@v0.10.0")
    git = GitCli(ProcessRunner(ENVIRONMENT), story.path, ENVIRONMENT)
    with pytest.raises(UsageError) as caught:
        resolve(git, "income", prefix)
    assert caught.value.help.startswith(f"'{own}@v0.10.0' is that model's newest version; git fetch --tags")
