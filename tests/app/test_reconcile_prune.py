"""What the tags of a cleared environment say."""

from tests.support.registry import begun
from tests.support.repository import repository


def test_an_older_assignment_is_closed_not_taken_out(tmp_path):
    desk = begun(repository(tmp_path / "work"))
    for version in ("v0.1.0", "v0.2.0"):
        desk.merge(version.encode()).register()
        desk.reconcile()
        desk.merge(prod=f"income: {version}\n").reconcile()
    desk.merge(prod="# nothing\n")
    said = [each.intent.sentence for each in desk.reconcile(prune=True).written]
    assert sorted(said) == [
        "Close the older assignment of income v0.1.0 in prod, or it would come back",
        "Take income v0.2.0 out of prod",
    ]
