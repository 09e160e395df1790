"""The first journal of all, begun by two writers of whom only one may write `refs/mlci/*`."""

import os
from concurrent.futures import ThreadPoolExecutor

import pytest

from mlci.adapters.git import GitCli
from mlci.adapters.process import ProcessRunner
from mlci.app.doctor_repository import reachable
from mlci.app.registry.kept import kept
from mlci.app.registry.ledger import Intent
from mlci.core.registry import journal
from mlci.core.registry.journal import Kind
from mlci.core.registry.version import Version
from mlci.errors import ForgeError
from tests.support.registry import begun
from tests.support.repository import repository

# A local server runs its hooks with the writer's variables.
HOOK = """\
#!/bin/sh
while read -r old new ref; do
  case "$WRITER $ref" in
    "branches refs/mlci/"*) echo "deny updating a hidden ref" >&2; exit 1 ;;
  esac
done
"""


@pytest.fixture
def desks(tmp_path):
    """One who may write anything, one who may write branches and tags."""
    desk = begun(repository(tmp_path / "work")).merge(b"one")
    hook = desk.story.bare().path / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(HOOK)
    hook.chmod(0o755)
    other = desk.clone(tmp_path / "other")
    variables = {**os.environ, "WRITER": "branches"}
    other.git = GitCli(ProcessRunner(variables), other.story.path, variables)
    return desk, other


def registering(desk, model):
    """The first version of a model, once."""

    def decide(snapshot):
        if snapshot.registry.model(model).latest:
            return []
        version = Version(major=0, minor=1, patch=0)
        bundle = {"model": f"what was found of {model}".encode()}
        return [
            Intent(
                kind=Kind.REGISTER,
                model=model,
                commit=desk.story.head,
                version=version,
                sentence=f"Register {model}",
                evidence=bundle,
            )
        ]

    return decide


def begin(desk, seen, model):
    """Register a model by what was seen; the refusal, where there is one."""
    try:
        desk.ledger.settle(registering(desk, model), seen)
    except ForgeError as error:
        return error
    return None


def assert_whole(desk):
    """Nothing is lost, and there is one journal."""
    snapshot = desk.ledger.read()
    assert snapshot.second is None
    assert sorted(each.model for each in desk.ledger.entries(snapshot)) == ["churn", "income"]
    assert snapshot.counters.events == 2
    assert [*desk.git.remote_refs("origin", journal.REF, journal.BRANCH)] == [snapshot.home]
    for model in ("churn", "income"):
        assert kept(desk.git, "credit", model, "v0.1.0", ref=snapshot.journal).digest


@pytest.mark.parametrize("first", [0, 1], ids=["who-may", "who-may-not"])
def test_both_begin_at_once_and_one_journal_has_it_all(desks, first):
    early = [each.ledger.read() for each in desks]
    order = [(desks[0], early[0], "income"), (desks[1], early[1], "churn")]
    refusals = [begin(*each) for each in (order if first == 0 else reversed(order))]
    if first == 0:
        assert refusals[0] is None
        assert "refs/mlci/*" in refusals[1].help
        begin(desks[0], None, "churn")
    else:
        assert refusals == [None, None]
    assert_whole(desks[0])
    assert_whole(desks[1])


def begin_two(desks):
    """What both leave who wrote before either could see the other's."""
    one, other = desks
    early = other.ledger.read()
    one.ledger.settle(registering(one, "income"))
    one.story.git("push", "--quiet", "origin", "refs/mlci/registry:refs/heads/aside")
    tip = one.ledger.read().journal
    bare = one.story.bare()
    bare.git("update-ref", "-d", journal.REF)
    other.ledger.settle(registering(other, "churn"), early)
    bare.git("update-ref", journal.REF, tip)
    bare.git("update-ref", "-d", "refs/heads/aside")


@pytest.mark.parametrize("who", [0, 1], ids=["who-may", "who-may-not"])
def test_two_journals_that_a_killed_writer_left_are_joined_by_the_next_write(desks, who):
    begin_two(desks)
    assert "two journals" in reachable(desks[0].git, "origin").message

    desks[who].ledger.settle(lambda _: ())
    joined = desks[who].ledger.read()
    assert sorted(each.model for each in desks[who].ledger.entries(joined)) == ["churn", "income"]
    desks[0].ledger.settle(lambda _: ())
    assert_whole(desks[1])
    assert desks[0].ledger.settle(lambda _: ()) == ()
    assert desks[0].ledger.read().journal == desks[1].ledger.read().journal


@pytest.mark.parametrize("seed", range(3))
def test_at_the_same_moment_nothing_is_lost(desks, seed):
    with ThreadPoolExecutor(2) as pool:
        refusals = list(pool.map(begin, desks, (None, None), ("income", "churn")))
    assert [each.id for each in refusals if each] in ([], ["push-refused"])
    for model in ("income", "churn"):
        assert begin(desks[0], None, model) is None
    assert_whole(desks[0])
