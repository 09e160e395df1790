from dataclasses import dataclass

import pytest
from msgspec.structs import replace

from mlci.app.bundle import Bundle
from mlci.app.comment import comment, told
from mlci.app.commit import PARTIAL, UNCOMMITTED
from mlci.app.report import Reported, report
from mlci.core.config import Config
from mlci.core.context import RunContext
from mlci.core.diff import Occasion
from mlci.core.evidence import Evidence
from mlci.core.finding import Finding, Status
from mlci.errors import ForgeError, RefusedError
from mlci.ports.forge import CommentResult, PullRequest
from tests.support.fakes import FakeForge

HEAD = "a" * 40
PULL = PullRequest(number=7, head=HEAD, base_branch="main", head_branch="b", title="t", url="u")
ASKED = Finding(check="data.rows", subject="train", status=Status.PASS, message="enough rows")
GATE = Evidence(gate="data", commit=HEAD, findings=(ASKED,))
WHOLE = (Evidence(gate="diff", commit=HEAD, findings=()), replace(GATE, gate="pipeline"))


def reported() -> Reported:
    bundle = Bundle(evidence=WHOLE)
    return report(bundle, Config(project="credit"), Occasion.PULL_REQUEST)


def test_the_pull_request_is_found_from_the_commit() -> None:
    forge = FakeForge(PULL)
    done = comment(reported(), forge=lambda: forge, context=RunContext())
    assert (done.number, done.skipped) == (7, "")
    assert "You may merge" in forge.bodies["report:credit"]


@pytest.mark.parametrize("pull", [None, replace(PULL, head="b" * 40)])
def test_an_old_head_gets_no_comment(pull: PullRequest | None) -> None:
    forge = FakeForge(pull)
    done = comment(reported(), forge=lambda: forge, context=RunContext(head=HEAD, pull_request=7))
    assert "is not the head of pull request 7" in done.skipped
    assert forge.bodies == {}


def test_a_commit_without_a_pull_request_says_so_and_posts_nothing() -> None:
    forge = FakeForge(None)
    done = comment(reported(), forge=lambda: forge, context=RunContext(head=HEAD))
    assert done.skipped == f"no pull request has {HEAD[:10]} as its head"
    assert told(done, reported()).startswith("not posted (no pull request has")
    assert forge.bodies == {}


def test_a_dry_run_posts_nothing() -> None:
    forge = FakeForge(PULL)
    assert comment(reported(), forge=lambda: forge, context=RunContext(), dry_run=True).body.startswith(
        "## ✅"
    )
    assert forge.bodies == {}


@pytest.mark.parametrize(("provider", "word"), [(None, "HEAD"), ("github", "this run")])
def test_evidence_of_another_commit_is_refused(provider: str | None, word: str) -> None:
    with pytest.raises(RefusedError, match=f"the evidence is of {HEAD[:10]}, and {word} is cccccccccc"):
        comment(
            reported(), forge=lambda: FakeForge(PULL), context=RunContext(head="c" * 40, provider=provider)
        )


def test_a_forks_own_run_asks_no_forge() -> None:
    def forge() -> FakeForge:
        raise AssertionError("no forge was expected")

    fork = RunContext(head=HEAD, pull_request=7, same_repository=False)
    done = comment(reported(), forge=forge, context=fork)
    assert (done.result, done.body[:4]) == (None, "## ✅")
    assert "may not comment" in told(done, reported())


def test_the_run_after_a_forks_own_posts_on_its_pull_request() -> None:
    forge = FakeForge(replace(PULL, same_repository=False))
    after = RunContext(head=HEAD, same_repository=False)
    assert comment(reported(), forge=lambda: forge, context=after).number == 7


def test_evidence_of_what_is_not_committed_is_not_posted() -> None:
    dirty = replace(reported(), bundle=Bundle(evidence=(replace(GATE, commit=HEAD + UNCOMMITTED),)))
    with pytest.raises(RefusedError, match="not committed"):
        comment(dirty, forge=lambda: FakeForge(PULL), context=RunContext())


def test_a_part_of_a_run_is_not_posted() -> None:
    part = replace(reported(), bundle=Bundle(evidence=(replace(GATE, commit=HEAD + PARTIAL),)))
    with pytest.raises(RefusedError, match="only some stages were run"):
        comment(part, forge=lambda: FakeForge(PULL), context=RunContext())


@dataclass
class Narrow(FakeForge):
    """A forge that takes less than it says."""

    takes: int = 0
    asked: int = 0

    def upsert_comment(self, number: int, key: str, body: str, *, head: str) -> CommentResult:
        self.asked += 1
        if len(body.encode()) > self.takes:
            raise ForgeError("too long", id="comment-too-long")
        return super().upsert_comment(number, key, body, head=head)


def many() -> Reported:
    finding = Finding(check="data.rows", subject="s", status=Status.FAIL, message="m" * 500)
    bundle = Bundle(evidence=(replace(GATE, findings=(finding,) * 500),))
    return report(bundle, Config(project="credit"), Occasion.PULL_REQUEST)


@pytest.mark.parametrize(("takes", "asked"), [(60_000, 1), (20_000, 2)])
def test_a_comment_that_was_too_long_is_shrunk_once(takes: int, asked: int) -> None:
    forge = Narrow(PULL, takes=takes)
    done = comment(many(), forge=lambda: forge, context=RunContext())
    assert (forge.asked, len(done.body.encode()) <= takes) == (asked, True)


def test_a_forge_that_takes_nothing_is_asked_twice_and_no_more() -> None:
    forge = Narrow(PULL)
    with pytest.raises(ForgeError):
        comment(many(), forge=lambda: forge, context=RunContext())
    assert forge.asked == 2


@pytest.mark.parametrize(("ended", "headline"), [("success", "You may merge"), ("failure", "Do not merge")])
def test_green_evidence_of_a_red_run_is_not_believed(ended: str, headline: str) -> None:
    place = FakeForge(PULL)
    context = RunContext(head=HEAD, same_repository=False, conclusion=ended)
    comment(reported(), forge=lambda: place, context=context)
    assert headline in place.bodies["report:credit"]
