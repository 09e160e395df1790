"""Results reach the remote they belong to: whose job it is decides, and the remote is asked afterwards."""

from collections.abc import Sequence

import pytest

from mlci.app.stages.publish import destination, publish
from mlci.core.config import Ci, Config, LockAuthor, Remotes
from mlci.core.context import RunContext, Trigger
from mlci.core.finding import Status
from mlci.ports.dvc import Missing
from mlci.ports.process import Finished
from tests.support.fakes import FakeDvc, finished

ALL = Remotes(read="storage", write="public", pull_request="storage-pr")
NONE = Remotes()
SAME = Remotes(read="storage", write="storage")
OPEN = Remotes(pull_request="storage")
AUTHOR, CI = LockAuthor
LOCAL, PULL, MAIN = Trigger.LOCAL, Trigger.PULL_REQUEST, Trigger.MAIN


@pytest.mark.parametrize(
    ("trigger", "lock", "remotes", "reads", "wanted"),
    [
        (LOCAL, CI, ALL, "storage", None),
        (PULL, AUTHOR, ALL, "storage", "storage-pr"),
        (PULL, CI, ALL, "storage", "storage-pr"),
        (PULL, CI, NONE, "storage", None),
        (PULL, CI, OPEN, "storage", None),
        (MAIN, AUTHOR, ALL, "storage", "public"),
        (MAIN, AUTHOR, SAME, "storage", None),
        (MAIN, AUTHOR, NONE, "storage", None),
        (MAIN, CI, ALL, "storage", "public"),
        (MAIN, CI, SAME, "storage", "storage"),
        (MAIN, CI, NONE, "storage", "storage"),
        (MAIN, CI, NONE, None, None),
        (Trigger.TAG, CI, ALL, "storage", None),
    ],
)
def test_who_writes_where(
    trigger: Trigger, lock: LockAuthor, remotes: Remotes, reads: str | None, wanted: str | None
) -> None:
    context = RunContext(trigger=trigger, provider=None if trigger is LOCAL else "github")
    config = Config(project="credit", ci=Ci(lock=lock), remotes=remotes)
    assert destination(config, context, reads) == wanted


class Elsewhere(FakeDvc):
    """What it is asked to push lies on another remote until it was pulled from there."""

    def __init__(self, *, holds: Sequence[str] = ("model",)) -> None:
        super().__init__()
        self.holds, self.pulled = holds, False

    def pull(self, targets: Sequence[str] = (), *, remote: str | None = None) -> Finished:
        assert remote == "storage"
        self.pulled = {*targets} <= {*self.holds}
        return finished()

    def not_in_remote(self, *, remote: str | None = None) -> Sequence[Missing]:
        return () if self.pulled else [Missing(path="model")]


def test_what_lies_where_is_read_is_brought_from_there() -> None:
    assert publish(Elsewhere(), "public", reads="storage", promised=True).status is Status.PASS


def test_what_is_nowhere_is_named() -> None:
    found = publish(Elsewhere(holds=()), "public", reads="storage", promised=True)
    assert (found.status, found.help) == (Status.ERROR, "mlci doctor")
    assert "it does not hold model" in found.message


@pytest.mark.parametrize(("promised", "status"), [(True, Status.ERROR), (False, Status.WARN)])
def test_a_push_that_fails_is_red_where_others_rely_on_it(promised: bool, status: Status) -> None:
    found = publish(FakeDvc(code=255, complains="ERROR: 403"), "public", reads=None, promised=promised)
    assert found.status is status
    assert found.message.endswith("to the remote public: ERROR: 403")
