"""One comment, whatever the network does: faults before and after the server took the write."""

from collections.abc import Callable, Sequence

import pytest

from mlci.core.patience import Refusal
from mlci.core.report.comment import Comment, marked
from mlci.errors import ForgeError
from mlci.forges.patience import Refused, patiently
from mlci.forges.upsert import upsert
from mlci.ports.forge import CommentResult, Posted
from tests.support.fakes import FakeClock

LOST = Refusal(status=None, message="connection reset", headers={})


class Thread:
    """A thread whose n-th request may fail, before or after it took effect."""

    def __init__(self, strangers: int = 0, faults: dict[int, str] | None = None) -> None:
        self.kept = [
            Comment(id=i, body=marked("spoof", "k"), ours=False, url=f"u{i}") for i in range(strangers)
        ]
        self.faults = faults or {}
        self.requests = 0
        self.writes = 0

    def _request(self, effect: Callable[[], object]) -> None:
        self.requests += 1
        fault = self.faults.get(self.requests)
        if fault != "before":
            effect()
        if fault:
            raise Refused(LOST)

    def comments(self) -> Sequence[Comment]:
        self._request(lambda: None)
        return list(self.kept)

    def create(self, body: str) -> Comment:
        self.writes += 1
        made = Comment(id=1000 + self.writes, body=body, ours=True, url="new")
        self._request(lambda: self.kept.append(made))
        return made

    def edit(self, comment: Comment, body: str) -> None:
        self.writes += 1
        changed = Comment(id=comment.id, body=body, ours=True, url=comment.url)
        self._request(lambda: self.kept.__setitem__(self.kept.index(comment), changed))

    def delete(self, comment: Comment) -> None:
        self.writes += 1
        self._request(lambda: self.kept.remove(comment))

    @property
    def ours(self) -> list[str]:
        return [each.body for each in self.kept if each.ours]


def post(thread: Thread, body: str) -> CommentResult:
    def ask(attempt: Callable[[], CommentResult]) -> CommentResult:
        return patiently(
            attempt, clock=FakeClock(), what="post", explain=lambda r, what: ForgeError(r.message, id="x")
        )

    return upsert(thread, "k", body, ask=ask)


@pytest.mark.parametrize("strangers", [0, 1, 101])
def test_a_strangers_marker_counts_for_nothing(strangers: int) -> None:
    thread = Thread(strangers)
    assert post(thread, "one").posted is Posted.CREATED
    assert post(thread, "two").posted is Posted.UPDATED
    assert post(thread, "two").posted is Posted.UNCHANGED
    assert thread.ours == [marked("two", "k")]
    assert thread.writes == 2


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("request_number", [1, 2, 3, 4])
def test_any_one_fault_leaves_exactly_one_comment(when: str, request_number: int) -> None:
    thread = Thread(3, {request_number: when})
    post(thread, "one")
    post(thread, "two")
    assert thread.ours == [marked("two", "k")]


def test_copies_that_raced_are_reduced_to_the_oldest() -> None:
    thread = Thread()
    thread.kept = [Comment(id=i, body=marked("x", "k"), ours=True, url=str(i)) for i in (9, 4, 7)]
    post(thread, "y")
    assert [each.id for each in thread.kept] == [4]


def test_patience_ends_with_what_the_server_said() -> None:
    thread = Thread(faults=dict.fromkeys(range(1, 20), "before"))
    with pytest.raises(ForgeError, match="connection reset"):
        post(thread, "one")
    assert thread.requests == 5
