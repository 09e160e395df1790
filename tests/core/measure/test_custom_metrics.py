"""A metric that an installed package brings: found, computed with its interval, or refused by name."""

import sys

import numpy as np
import pytest

from mlci.core.config import Task
from mlci.core.measure import custom_metrics
from mlci.core.measure.compare import compare
from mlci.core.measure.metrics import find, value
from mlci.core.measure.predictions import Paired
from mlci.errors import ConfigError
from tests.core.simulation import World, draw

PROFIT = """
from mlci.core.config import Direction, Task
from mlci.core.measure.metrics import Metric, OfMean
PROFIT = Metric(
    name="profit", title="Profit", tasks=frozenset({Task.BINARY}), direction=Direction.HIGHER,
    arithmetic=OfMean(loss=lambda one: (one.truth == one.label) * 2.0 - 1.0),
)
NOTHING = object()
"""


@pytest.fixture
def install(tmp_path, monkeypatch):
    def put(*lines, code=PROFIT):
        (tmp_path / "our_metrics.py").write_text(code)
        info = tmp_path / "our_metrics-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: our-metrics\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text("\n".join(["[mlci.metrics]", *lines]))

    monkeypatch.syspath_prepend(tmp_path)
    custom_metrics.load.cache_clear()
    yield put
    custom_metrics.load.cache_clear()
    sys.modules.pop("our_metrics", None)


def test_a_package_brings_a_metric(install):
    install("profit = our_metrics:PROFIT")
    metric = find("profit", Task.BINARY)
    paired = draw(World(rows=500), np.random.default_rng(1))
    accuracy = find("accuracy", Task.BINARY)
    assert value(metric, paired.head) == pytest.approx(2 * value(accuracy, paired.head) - 1)
    change = compare(Paired(base=paired.base, head=paired.head), [metric])["profit"]
    assert change.interval.low < change.difference < change.interval.high
    with pytest.raises(ConfigError, match="'profit' is not for regression models"):
        find("profit", Task.REGRESSION)
    with pytest.raises(ConfigError, match="did you mean 'profit'"):
        find("profits", Task.BINARY)


def test_what_mlci_computes_itself_cannot_be_replaced(install):
    install("accuracy = our_metrics:PROFIT")
    assert find("accuracy", Task.BINARY).title == "Accuracy"


@pytest.mark.parametrize(
    ("line", "code", "says"),
    [
        ("profit = our_metrics:NOTHING", PROFIT, "is no Metric of this name"),
        ("other = our_metrics:PROFIT", PROFIT, "is no Metric of this name"),
        ("profit = our_metrics:ABSENT", PROFIT, "AttributeError"),
        ("profit = our_metrics:PROFIT", "raise RuntimeError('no licence')", "RuntimeError: no licence"),
    ],
)
def test_what_cannot_be_used_is_named(install, line, code, says):
    install(line, code=code)
    with pytest.raises(ConfigError, match=says) as caught:
        find(line.split()[0], Task.BINARY)
    assert caught.value.id == "metric-broken"
