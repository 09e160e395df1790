"""Version tags that people make, move and delete by hand, where a journal knows better."""

import pytest

from mlci.app.doctor_repository import _tags
from mlci.app.promote import promote
from mlci.app.promotion_check import check
from mlci.app.reconcile import Reconciled
from mlci.app.registry.ledger import Ledger
from mlci.app.resolve import resolve
from mlci.app.retire import retire
from mlci.core.finding import Status
from mlci.core.registry import journal
from mlci.errors import Exit, RefusedError
from tests.support.fakes import FakeDvc
from tests.support.registry import CONTEXT, begun
from tests.support.repository import repository


@pytest.fixture
def desk(tmp_path):
    """Two versions, the second in staging."""
    desk = begun(repository(tmp_path / "work")).merge(b"one")
    desk.register()
    desk.reconcile()
    desk.merge(b"two").register()
    desk.reconcile()
    return desk


def by_hand(desk, tag, commit="HEAD"):
    """Tag a commit and push it, as somebody would who knows Git only."""
    desk.story.git("tag", "--annotate", "--force", "--message", "by hand", tag, commit)
    desk.story.git("push", "--quiet", "--force", "origin", f"refs/tags/{tag}")


def tags(done):
    return [each.tag for each in done.written]


def refused(done):
    return [(each.id, each.environment) for each in done.refusals]


def test_a_version_made_by_hand_is_not_followed_and_that_is_said(desk):
    by_hand(desk.merge(), "income@v0.9.0")
    done = desk.reconcile()
    assert (tags(done), refused(done), desk.running("staging")) == ([], [], "v0.2.0")
    assert "staging does not follow income v0.9.0" in done.warnings[0]
    assert done.document()["warnings"] == list(done.warnings)
    desk.merge(b"three").register()
    assert (desk.reconcile().warnings, desk.running("staging")) == ((), "v0.10.0")


def test_a_version_made_by_hand_is_refused_where_a_file_asks_for_it(desk):
    by_hand(desk.merge(), "income@v0.9.0")
    desk.merge(prod="income: v0.9.0\n")
    done = desk.reconcile()
    assert refused(done) == [("version-not-in-journal", "prod")]
    assert "income@v0.9.0 was made or moved by hand" in done.refusals[0].message
    assert "git push origin ':refs/tags/income@v0.9.0'" in done.refusals[0].help
    desk.story.branch("ask").commit({"environments/staging.yaml": "income: v0.9.0\n"})
    found = check(desk.ledger, desk.config, "", desk.story.head, FakeDvc())
    assert (found.exit, refused(found)) == (Exit.REFUSED, [("version-not-in-journal", "staging")])


def test_a_promotion_of_the_newest_never_means_one_made_by_hand(desk):
    by_hand(desk.merge(), "income@v0.9.0")
    assert asked_for(desk, None) == "v0.2.0"
    with pytest.raises(RefusedError) as caught:
        asked_for(desk, "v0.9.0")
    assert caught.value.id == "version-not-in-journal"


def asked_for(desk, version):
    return promote(desk.ledger, desk.config, "", None, model="income", version=version, to="staging").version


def test_what_ran_in_an_environment_may_come_back_to_it(desk):
    """As when the journal was lost: what is rebuilt from an assignment counts."""
    by_hand(desk.merge(), "income@v0.9.0")
    desk.story.bare().git("update-ref", "-d", journal.REF)
    desk.reconcile()
    assert desk.running("staging") == "v0.9.0"
    desk.merge(staging="income: v0.1.0\n").reconcile()
    assert tags(desk.merge(staging="income: v0.9.0\n").reconcile()) == ["income#staging#5"]


def test_an_assignment_by_hand_lets_no_version_in(desk):
    by_hand(desk.merge(), "income@v0.9.0")
    by_hand(desk, "income#staging#7")
    assert tags(desk.reconcile()) == ["income#staging#8"]
    assert desk.running("staging") == "v0.2.0"
    assert refused(desk.merge(staging="income: v0.9.0\n").reconcile()) == [
        ("version-not-in-journal", "staging")
    ]


def test_a_repository_without_a_journal_goes_by_its_tags(tmp_path):
    desk = begun(repository(tmp_path / "work")).merge(b"one")
    by_hand(desk, "income@v0.9.0")
    assert tags(desk.reconcile()) == ["income#staging#1"]
    by_hand(desk.merge(), "income@v0.9.1")
    assert (tags(desk.reconcile()), desk.running("staging")) == ([], "v0.9.0")


def gone(desk):
    desk.story.git("push", "--quiet", "origin", ":refs/tags/income@v0.2.0")
    return "its tag is gone"


def moved(desk):
    by_hand(desk.merge(), "income@v0.2.0")
    return f"its tag stands on {desk.story.head[:10]}"


def withdrawn(desk):
    by_hand(desk, "income@v0.2.0!#9")
    return "knows no income@v0.2.0!#9, which withdraws it"


@pytest.mark.parametrize("done_by_hand", [gone, moved, withdrawn])
def test_a_version_that_was_taken_away_by_hand_is_no_rollback(desk, done_by_hand):
    before = desk.story.git("rev-parse", "income@v0.2.0")
    commit = desk.story.head
    said = done_by_hand(desk)
    done = desk.reconcile()
    assert (tags(done), refused(done)) == ([], [("version-lost", "staging")])
    assert f"the journal has income@v0.2.0 on {commit[:10]}" in done.refusals[0].message
    assert said in done.refusals[0].message
    assert "mlci retire income@v0.2.0 --reason TEXT" in done.refusals[0].help
    assert refused(desk.merge(prod="income: v0.2.0\n").reconcile())[-1] == ("version-lost", "prod")
    desk.merge(staging="income: v0.1.0\n").reconcile()
    assert desk.running("staging") == "v0.1.0"
    desk.merge(prod="income: v0.1.0\n", staging="# follows\n")
    desk.story.git("push", "--quiet", "--force", "origin", f"{before}:refs/tags/income@v0.2.0")
    if done_by_hand is withdrawn:
        desk.story.git("push", "--quiet", "origin", ":refs/tags/income@v0.2.0!#9")
    assert refused(desk.reconcile()) == []
    assert (desk.running("staging"), desk.running("prod")) == ("v0.2.0", "v0.1.0")


def test_a_version_that_was_withdrawn_by_us_is_not_lost_and_does_not_come_back(desk):
    desk.merge(b"three").register()
    done = retire(desk.ledger, desk.config, "", CONTEXT, model="income", version="v0.3.0", reason="old")
    desk.story.git("push", "--quiet", "origin", ":refs/tags/income@v0.3.0")
    assert desk.reconcile() == Reconciled()
    desk.story.git("push", "--quiet", "origin", "refs/tags/income@v0.3.0")
    desk.story.git("push", "--quiet", "origin", f":refs/tags/{done[0][0].tag}")
    (refusal,) = desk.reconcile().refusals
    assert "withdrawn by income@v0.3.0!#3, whose tag is gone" in refusal.message


def test_a_journal_that_is_seen_before_its_tags_is_read_again(desk, monkeypatch):
    whole = desk.ledger.read()
    desk.story.git("push", "--quiet", "origin", ":refs/tags/income@v0.2.0")
    early = desk.ledger.read()
    seen = iter([early, whole])
    monkeypatch.setattr(Ledger, "read", lambda self: next(seen))
    assert desk.reconcile(write=False).refusals == ()


def test_a_version_whose_tag_nobody_has_any_more_can_be_withdrawn(desk):
    gone(desk)
    desk.story.git("tag", "--delete", "income@v0.2.0")
    options = {"model": "income", "version": "v0.2.0", "reason": "its tag is gone"}
    with pytest.raises(RefusedError) as caught:
        retire(desk.ledger, desk.config, "", CONTEXT, **options)
    assert caught.value.id == "in-use"
    assert tags(desk.merge(staging="income: v0.1.0\n").reconcile()) == ["income#staging#3"]
    written, _ = retire(desk.ledger, desk.config, "", CONTEXT, **options)
    assert [each.tag for each in written] == ["income@v0.2.0!#4"]
    assert retire(desk.ledger, desk.config, "", CONTEXT, **options) == ((), ())
    assert desk.merge(staging="# follows\n").reconcile() == Reconciled()
    assert desk.running("staging") == "v0.1.0"


def test_the_latest_version_is_one_that_the_journal_knows(desk):
    by_hand(desk.merge(), "income@v0.9.0")
    found = resolve(desk.git, "income@latest")
    assert (found.version, found.journaled, found.passed_over) == ("v0.2.0", True, ("v0.9.0",))
    assert "passed over v0.9.0, which the journal here does not know" in found.caution
    assert found.document()["passed_over"] == ["v0.9.0"]
    assert resolve(desk.git, "income@v0.9.0").document()["in_journal"] is False
    desk.story.git("update-ref", "-d", journal.REF)
    assert resolve(desk.git, "income").version == "v0.9.0"


@pytest.mark.parametrize("reference", ["income", "income@latest", "income@v0.2.0"])
def test_a_version_whose_tag_is_gone_is_not_answered_with_an_older_one(desk, reference):
    desk.story.git("tag", "--delete", "income@v0.2.0")
    with pytest.raises(RefusedError) as caught:
        resolve(desk.git, reference)
    assert caught.value.id == "version-lost"
    assert caught.value.help.startswith("git fetch --tags --force origin; ")


def test_a_version_made_by_hand_is_no_answer_for_one_whose_tag_is_gone(desk):
    by_hand(desk.merge(), "income@v0.9.0")
    desk.story.git("tag", "--delete", "income@v0.1.0", "income@v0.2.0")
    with pytest.raises(RefusedError) as caught:
        resolve(desk.git, "income")
    assert caught.value.id == "version-lost"


def test_an_older_version_whose_tag_is_gone_hides_no_newer_one(desk):
    desk.story.git("tag", "--delete", "income@v0.1.0")
    assert resolve(desk.git, "income").version == "v0.2.0"


@pytest.mark.parametrize("done_by_hand", [gone, moved])
def test_the_doctor_hears_of_it_from_the_remote(desk, done_by_hand):
    assert _tags(desk.git).status is Status.PASS
    said = done_by_hand(desk)
    found = _tags(desk.git)
    assert (found.status, said in found.message) == (Status.WARN, True)


def test_a_clone_that_fetched_no_tags_is_told_to(desk):
    desk.story.git("tag", "--delete", "income@v0.2.0")
    assert _tags(desk.git).help.startswith("git fetch --tags --force origin")
