import pytest

from mlci.app.audit import audit
from mlci.app.resolve import resolve
from mlci.core import journal
from mlci.errors import IntegrityError, RefusedError
from tests.support.fakes import FakeDvc
from tests.support.registry import begun
from tests.support.repository import repository


@pytest.fixture
def desk(tmp_path):
    return begun(repository(tmp_path / "work"))


def written(done):
    return [each.tag for each in done.written]


def test_the_first_version_is_v010_and_a_second_run_writes_nothing(desk):
    desk.merge(b"one")
    assert written(desk.register()) == ["income@v0.1.0"]
    before = desk.story.bare().git("for-each-ref")
    assert written(desk.register()) == []
    assert desk.story.bare().git("for-each-ref") == before


def test_other_bytes_are_the_next_version_and_the_same_bytes_are_none(desk):
    desk.merge(b"one").register()
    again = desk.merge(prod="# nothing\n").register()
    assert (written(again), again.notes) == ([], ("income: the bytes are those of v0.1.0",))
    desk.merge(b"two")
    assert written(desk.register()) == ["income@v0.2.0"]


def test_bytes_of_an_older_version_say_so(desk):
    desk.merge(b"one").register()
    desk.merge(b"two").register()
    desk.merge(b"one")
    (done,) = desk.register().written
    assert ("Same-Bytes-As", "v0.1.0") in done.intent.trailers


def test_merges_that_were_passed_over_are_named(desk):
    desk.merge(b"one").register()
    passed = desk.merge(b"two").story.head
    desk.merge(prod="# nothing\n")
    desk.merge(b"three")
    (done,) = desk.register().written
    assert [value for key, value in done.intent.trailers if key == "Supersedes"] == [
        desk.story.sha("HEAD~1"),
        passed,
    ]


def test_an_older_commit_leaves_it_to_the_newer_one(desk):
    desk.merge(b"one").merge(b"two").story.switch("HEAD~1")
    done = desk.register()
    assert written(done) == []
    assert "newer" in done.notes[0]
    assert desk.tags == []


def test_a_commit_that_is_not_on_main_is_refused(desk):
    desk.merge(b"one").story.branch("other").commit({"x": "y"})
    with pytest.raises(RefusedError) as caught:
        desk.register()
    assert caught.value.id == "not-on-main"


def test_bytes_that_are_not_those_of_the_lock_are_found(desk):
    desk.merge(b"one").write(b"evil")
    with pytest.raises(IntegrityError) as caught:
        desk.register()
    assert (caught.value.id, desk.tags) == ("bytes-differ", [])


@pytest.mark.parametrize(
    ("dvc", "id"),
    [
        (FakeDvc(remote=None), "dvc-remote-missing"),
        (FakeDvc(missing=("models/income.skops",)), "output-not-pushed"),
    ],
)
def test_a_version_must_be_there_for_others(desk, dvc, id):
    with pytest.raises(RefusedError) as caught:
        desk.merge(b"one").register(dvc)
    assert (caught.value.id, desk.tags) == (id, [])


def test_a_dry_run_writes_nothing(desk):
    done = desk.merge(b"one").register(write=False)
    assert [str(each.version) for each in done.pending] == ["v0.1.0"]
    assert desk.tags == []


def test_a_number_is_never_used_twice(desk):
    desk.merge(b"one").register()
    desk.merge(b"two").register()
    desk.story.git("push", "--quiet", "origin", ":refs/tags/income@v0.2.0")
    assert written(desk.register()) == ["income@v0.3.0"]


def test_a_tag_that_only_this_clone_has_says_nothing(desk):
    desk.merge(b"one").story.tag("income@v7.0.0")
    assert written(desk.register()) == ["income@v0.1.0"]


def test_the_tag_and_the_journal_tell_the_same(desk):
    desk.merge(b"one").register()
    found = resolve(desk.git, "income")
    assert (found.version, found.commit, found.path) == ("v0.1.0", desk.story.head, "models/income.skops")
    assert found.hash == "md5:f97c5d29941bfb1b2fdab0874906ab82"
    ref = desk.git.remote_refs("origin", journal.REF)[journal.REF]
    (entry,) = desk.ledger.entries(desk.ledger.read())
    assert (entry.kind, entry.version, entry.tag) == (journal.Kind.REGISTER, "v0.1.0", "income@v0.1.0")
    assert sorted(each.path for each in desk.git.tree(ref)) == ["counters.json", "events/1.json"]
    assert "register v0.1.0" in audit(desk.git, "income").text()


def test_dates_rise_even_when_the_clock_does_not(desk):
    desk.merge(b"one").register()
    desk.reconcile()
    dates = [each.when for each in desk.registry.model("income").events]
    assert len(set(dates)) == len(dates) == 2


def test_a_lost_journal_is_rebuilt_before_the_next_event(desk):
    desk.merge(b"one").register()
    desk.reconcile()
    desk.story.git("push", "--quiet", "origin", f":{journal.REF}")
    desk.story.git("update-ref", "-d", journal.REF)
    desk.merge(b"two").register()
    entries = desk.ledger.entries(desk.ledger.read())
    assert [(each.kind.value, each.version) for each in entries] == [
        ("register", "v0.1.0"),
        ("assign", "v0.1.0"),
        ("register", "v0.2.0"),
    ]
