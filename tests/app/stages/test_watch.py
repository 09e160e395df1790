"""What is shown of DVC's own output while stages run."""

from mlci.app.stages.watch import Watch
from mlci.core.dvc.forecast import Forecast
from tests.support.fakes import FakeClock, FakeProgress


def test_of_blank_lines_one_between_two_others_is_shown() -> None:
    progress = FakeProgress()
    watch = Watch(clock=FakeClock(), progress=progress, forecast=Forecast(stages=()))
    for each in ("", "one", "", " ", "two", "", "Running stage 'train@1':", "", "three", "four", ""):
        watch.line(each)
    assert progress.lines == ["one", "", "two", "stage train@1 (1 of 1)", "three", "four"]
    assert [*watch.last_lines] == ["", "three", "four", ""]
