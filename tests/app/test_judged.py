"""What a waiver that a change brings is told as: what it forgives, here or once the change is on main."""

from types import SimpleNamespace

import pytest

from mlci.adapters.files import FileTree
from mlci.adapters.git import GitCli
from mlci.adapters.process import ProcessRunner
from mlci.adapters.tables import PolarsTables
from mlci.app.configuration import read_configuration
from mlci.app.diff import DiffRequest
from mlci.app.judged import judged
from mlci.core.config import Direction
from mlci.core.context import RunContext
from mlci.core.diff import Diff, MetricDiff, MetricVerdict, Occasion
from mlci.core.diff.relaxed import RELAXED, WAIVERS
from mlci.core.finding import Interval, Status
from tests.support.fakes import FakeClock
from tests.support.repository import repository

CONFIG = "version: 1\nproject: credit\n"
WAIVED = CONFIG + "waivers: [{check: diff.verdict, owner: ann, reason: known, until: 2999-01-01}]\n"


def metric(verdict, interval=None):
    return MetricDiff(
        metric="auc",
        model="income",
        direction=Direction.HIGHER,
        base=0.9,
        head=0.88,
        difference=-0.02,
        interval=interval,
        margin=0.01,
        verdict=verdict,
        gated=True,
    )


def told(root, found):
    """The findings on a change that brings a waiver, where nothing is red yet."""
    story = repository(root / "work").commit({"mlci.yaml": CONFIG})
    base = story.head
    head = story.branch("work").commit({"mlci.yaml": WAIVED}).head
    process = ProcessRunner({})
    request = DiffRequest(
        config=read_configuration(WAIVED.encode())[0],
        prefix="",
        context=RunContext(),
        git=GitCli(process, story.path, {}),
        files=FileTree(story.path),
        tables=PolarsTables(root=story.path),
        dvc=None,
    )
    hands = SimpleNamespace(clock=FakeClock())
    diff = Diff(base=base, head=head, metrics=(found,))
    findings = judged(request, diff, lambda: hands, Occasion.PULL_REQUEST, beside=())
    assert not any(each.status is Status.FAIL for each in findings)
    return [each for each in findings if each.check in (RELAXED, WAIVERS)]


WORSE = Interval(low=-0.05, high=-0.001)


@pytest.mark.parametrize(
    "found",
    [metric(MetricVerdict.INCONCLUSIVE, WORSE), metric(MetricVerdict.NOT_COMPARABLE)],
    ids=["likely worse", "not comparable"],
)
def test_what_only_warns_here_and_is_red_on_main_is_what_a_waiver_forgives(tmp_path, found):
    (one,) = told(tmp_path, found)
    assert (one.check, one.subject) == (RELAXED, "diff.verdict")
    assert "it is waived until 2999-01-01" in one.message


def test_a_waiver_of_what_is_red_nowhere_forgives_nothing(tmp_path):
    unsure = metric(MetricVerdict.INCONCLUSIVE, Interval(low=-0.05, high=0.001))
    (one,) = told(tmp_path, unsure)
    assert one.check == WAIVERS
