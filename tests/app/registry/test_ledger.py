from concurrent.futures import ThreadPoolExecutor

import pytest
from msgspec.structs import replace

from mlci.app.registry.ledger import Intent
from mlci.core.registry import journal
from mlci.core.registry.fold import Odd, fold
from mlci.core.registry.journal import Kind
from mlci.ports.git import RefUpdate
from tests.support.registry import NOW, begun
from tests.support.repository import repository


class Killed(BaseException):
    """The process is gone."""


class Dying:
    """A Git that dies before or after its so-many-th write."""

    WRITES = ("write_tag", "write_commit", "push", "update_refs")

    def __init__(self, git, *, at, after):
        self._git, self._left, self._after = git, at, after

    def __getattr__(self, name):
        method = getattr(self._git, name)
        return self._counted(method) if name in self.WRITES else method

    def _counted(self, method):
        def call(*arguments, **options):
            self._left -= 1
            if self._left == 0 and not self._after:
                raise Killed
            done = method(*arguments, **options)
            if self._left == 0:
                raise Killed
            return done

        return call


def assign(commit, environment):
    return Intent(
        kind=Kind.ASSIGN,
        model="income",
        commit=commit,
        environment=environment,
        sentence="Assign",
        title=commit,
    )


def assigned(desk, commit, environment):
    def decide(snapshot):
        current = snapshot.registry.model("income").current(environment)
        return [] if current else [assign(commit, environment)]

    return desk.ledger.settle(decide)


def together(desks, work):
    with ThreadPoolExecutor(len(desks)) as pool:
        return list(pool.map(work, desks, range(len(desks))))


@pytest.fixture
def desk(tmp_path):
    return begun(repository(tmp_path / "work")).merge(b"one")


@pytest.mark.parametrize("writers", [2, 8, pytest.param(32, marks=pytest.mark.slow)])
def test_no_counter_is_issued_twice_and_no_event_is_lost(desk, tmp_path, writers):
    desks = [desk.clone(tmp_path / f"clone{number}") for number in range(writers)]
    head = desk.story.head
    together(desks, lambda each, number: assigned(each, head, f"env{number}"))
    events = desk.registry.model("income").events
    assert [each.name.counter for each in events] == list(range(1, writers + 1))
    assert desk.registry.oddities == ()
    entries = desk.ledger.entries(desk.ledger.read())
    assert sorted(each.environment for each in entries) == sorted(f"env{number}" for number in range(writers))
    assert len({each.when for each in events}) == writers


def test_a_tag_that_is_not_seen_yet_still_comes_before_the_next(desk):
    """A remote moves the refs of one push one after the other, and shows the journal before its tag."""
    assigned(desk, desk.story.head, "staging")
    seen = desk.ledger.read()
    early = replace(seen, registry=fold(()))
    desk.ledger.settle(lambda _: [assign(desk.story.head, "prod")], first=early)
    moments = [each.when for each in desk.registry.model("income").events]
    assert moments[0] < moments[1]


def test_many_who_want_the_same_write_it_once(desk, tmp_path):
    desks = [desk.clone(tmp_path / f"clone{number}") for number in range(6)]
    for each in desks:
        each.write(b"one")
    together(desks, lambda each, _: each.register())
    together(desks, lambda each, _: each.reconcile())
    assert desk.tags == ["income#staging#1", "income@v0.1.0"]


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("at", range(1, 6))
def test_killed_anywhere_it_completes_when_run_again(desk, at, after):
    desk.register()
    desk.story.commit({"environments/prod.yaml": "income: v0.1.0\n"}).git("push", "--quiet", "origin", "main")
    whole, desk.git = desk.git, Dying(desk.git, at=at, after=after)
    with pytest.raises(Killed):
        desk.reconcile()
    desk.git = whole
    desk.reconcile()
    assert desk.reconcile().written == ()
    assert desk.tags == ["income#prod#2", "income#staging#1", "income@v0.1.0"]
    assert [each.kind.value for each in desk.ledger.entries(desk.ledger.read())] == [
        "register",
        "assign",
        "assign",
    ]
    assert desk.story.git("fsck", "--no-dangling") == ""


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("at", range(1, 5))
def test_a_killed_registration_completes_when_run_again(desk, at, after):
    whole, desk.git = desk.git, Dying(desk.git, at=at, after=after)
    with pytest.raises(Killed):
        desk.register()
    desk.git = whole
    desk.register()
    assert desk.register().written == ()
    assert desk.tags == ["income@v0.1.0"]


def test_a_damaged_journal_does_not_stop_the_registry(desk):
    desk.register()
    broken = desk.git.write_commit(
        {"counters.json": b"{", "events/1.json": b"[1]", "events/40.json": b"null"},
        parent=None,
        message="?",
        when=NOW,
    )
    desk.git.push("origin", [RefUpdate(ref=journal.REF, new=broken, expect=desk.ledger.read().journal)])
    desk.reconcile()
    after = desk.ledger.read()
    assert (after.counters.events, after.counters.counter) == (41, {"income": 1})
    assert desk.running("staging") == "v0.1.0"


def test_a_tag_dated_in_the_far_future_does_not_drag_ours_along(desk):
    desk.story.tag("other@v1.0.0", when=NOW.replace(year=2099)).publish()
    desk.register()
    (event,) = desk.registry.model("income").events
    assert event.when.year == NOW.year


def test_a_tag_on_no_commit_makes_nobody_fetch(desk, monkeypatch):
    desk.merge(b"one").register()
    desk.story.git("tag", "of-a-file", "HEAD:note.txt")
    desk.story.git("tag", "--annotate", "--message", "x", "of-a-tree", "HEAD^{tree}")
    desk.story.git("push", "--quiet", "--tags", "origin")
    desk.ledger.read()
    fetched = []
    monkeypatch.setattr(desk.git, "fetch", lambda *refspecs, **_: fetched.append(refspecs))
    assert desk.ledger.read().registry.model("income").versions
    assert fetched == []


def test_a_tag_that_cannot_be_read_is_brought_anew(desk):
    desk.merge(b"one").register()
    name = desk.story.git("rev-parse", "income@v0.1.0").strip()
    (desk.story.path / ".git" / "objects" / name[:2] / name[2:]).unlink()
    assert [each.kind for each in fold(desk.git.tags()).oddities] == [Odd.NO_COMMIT]
    assert [each.title for each in desk.registry.model("income").versions] == ["v0.1.0"]
    assert fold(desk.git.tags()).oddities == ()
