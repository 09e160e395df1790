from mlci.adapters.summary import MOST, JobSummary, NoSummary
from mlci.app.bundle import Bundle
from mlci.app.report import report, summarize
from mlci.core.config import Config
from mlci.core.diff import Occasion
from mlci.core.evidence import Evidence
from mlci.core.finding import Finding, Status

REPORTED = report(
    Bundle(
        evidence=(
            Evidence(
                gate="data",
                commit="a" * 40,
                findings=tuple(
                    Finding(check="data.rows", subject=f"s{i}", status=Status.FAIL, message="m" * 900)
                    for i in range(900)
                ),
            ),
        )
    ),
    config=Config(project="credit"),
    occasion=Occasion.PULL_REQUEST,
)


def test_a_summary_goes_on_where_others_ended(tmp_path):
    page = tmp_path / "summary.md"
    page.write_text("what an earlier step said\n")
    JobSummary(page).append("## ✅ more\n")
    assert page.read_text() == "what an earlier step said\n\n## ✅ more\n"


def test_a_report_never_makes_a_summary_that_is_refused_whole(tmp_path):
    page = tmp_path / "summary.md"
    for already in (0, MOST - 50_000, MOST - 10, MOST + 10):
        page.write_bytes(b"x" * already)
        summarize(JobSummary(page), REPORTED)
        assert page.stat().st_size <= max(MOST, already)
        assert (b"Do not merge" in page.read_bytes()) == (already < MOST - 1000)


def test_a_page_that_cannot_be_written_changes_nothing(tmp_path):
    summarize(JobSummary(tmp_path / "gone" / "summary.md"), REPORTED)
    summarize(JobSummary(tmp_path), REPORTED)
    summarize(NoSummary(), REPORTED)
    assert list(tmp_path.iterdir()) == []
