from dataclasses import replace

import pytest

from mlci.app.bundle import Bundle
from mlci.app.comment import comment
from mlci.app.report import Reported, report
from mlci.core.context import RunContext
from mlci.core.diff import Occasion
from mlci.core.evidence import Evidence
from mlci.errors import RefusedError
from mlci.ports.forge import PullRequest
from tests.support.fakes import FakeForge

HEAD = "a" * 40
PULL = PullRequest(number=7, head=HEAD, base_branch="main", head_branch="b", title="t", url="u")


def reported() -> Reported:
    bundle = Bundle(evidence=(Evidence(gate="data", commit=HEAD, findings=()),))
    return report(bundle, project="credit", occasion=Occasion.PULL_REQUEST)


def test_the_pull_request_is_found_from_the_commit() -> None:
    forge = FakeForge(PULL)
    done = comment(reported(), forge=forge, context=RunContext())
    assert (done.number, done.skipped) == (7, "")
    assert "You may merge" in forge.bodies["report:credit"]


@pytest.mark.parametrize("pull", [None, replace(PULL, head="b" * 40)])
def test_an_old_head_gets_no_comment(pull: PullRequest | None) -> None:
    forge = FakeForge(pull)
    done = comment(reported(), forge=forge, context=RunContext(head=HEAD, pull_request=7))
    assert "is not the head of pull request 7" in done.skipped
    assert forge.bodies == {}


def test_a_dry_run_posts_nothing() -> None:
    forge = FakeForge(PULL)
    assert comment(reported(), forge=forge, context=RunContext(), dry_run=True).body.startswith("## ✅")
    assert forge.bodies == {}


def test_evidence_of_another_run_is_refused() -> None:
    with pytest.raises(RefusedError, match="the evidence is for"):
        comment(reported(), forge=FakeForge(PULL), context=RunContext(head="c" * 40))
