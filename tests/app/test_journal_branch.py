"""A server that takes branches and tags only: the journal lies on a branch, and everybody finds it there."""

import pytest

from mlci.app.doctor_repository import reachable
from mlci.app.registry.kept import kept
from mlci.core.registry import journal
from tests.support.registry import begun
from tests.support.repository import repository

# What several hosts do with names they do not know.
HOOK = """\
#!/bin/sh
while read -r old new ref; do
  case "$ref" in refs/heads/*|refs/tags/*) ;; *) echo "deny updating a hidden ref" >&2; exit 1 ;; esac
done
"""


@pytest.fixture
def desk(tmp_path):
    desk = begun(repository(tmp_path / "work")).merge(b"one")
    hook = desk.story.bare().path / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(HOOK)
    hook.chmod(0o755)
    return desk


def test_the_journal_moves_to_a_branch_and_stays_there(desk, tmp_path):
    desk.register()
    desk.reconcile()

    assert desk.tags == ["income#staging#1", "income@v0.1.0"]
    assert [*desk.git.remote_refs("origin", journal.REF, journal.BRANCH)] == [journal.BRANCH]
    clone = desk.clone(tmp_path / "clone")
    snapshot = clone.ledger.read()
    assert [each.kind.value for each in clone.ledger.entries(snapshot)] == ["register", "assign"]
    assert snapshot.counters.counter == {"income": 1}
    assert kept(clone.git, "credit", "income", "v0.1.0").deployments == ()
    assert clone.reconcile().written == ()
    assert desk.register().written == ()


def test_doctor_says_where_the_journal_is(desk):
    desk.register()
    assert "the journal is a branch" in reachable(desk.git, "origin").message


def test_a_server_that_refuses_everything_is_still_a_refusal(desk):
    hook = desk.story.bare().path / "hooks" / "pre-receive"
    hook.write_text("#!/bin/sh\nexit 1\n")
    with pytest.raises(Exception, match="does not let us write") as caught:
        desk.register()
    assert caught.value.id == "push-refused"
    assert desk.tags == []
