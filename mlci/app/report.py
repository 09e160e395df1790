"""The report of a run, in every format, from what the run left behind."""

from msgspec import Struct

from mlci.app.bundle import DIFF, Bundle
from mlci.app.commit import PARTIAL, UNTOLD
from mlci.app.owed import Missing, missing_from
from mlci.app.same_tree import FIGURE
from mlci.core.config import Config
from mlci.core.diff import Occasion
from mlci.core.diff import json as diff_json
from mlci.core.evidence import to_json
from mlci.core.finding import Verdict
from mlci.core.plan import FileWrite, Plan
from mlci.core.report import Report, plain
from mlci.core.report.compose import compose
from mlci.core.report.compose.extent import Extent
from mlci.core.strictjson import JsonValue, dumps, loads
from mlci.errors import RefusedError
from mlci.ports.files import Files
from mlci.ports.summary import Summary
from mlci.render import html, junit, markdown

DIRECTORY = ".mlci/report"


class Reported(Struct, frozen=True, kw_only=True):
    """A report and what it was made from; `missing` was owed, `stale` says why it speaks of other files."""

    report: Report
    bundle: Bundle
    missing: Missing = Missing()
    stale: str = ""

    @property
    def partial(self) -> bool:
        """Whether some stages alone were asked for, so that nothing was judged."""
        return self.bundle.commit.endswith(PARTIAL)

    @property
    def document(self) -> JsonValue:
        """The report for programs: the verdict, the evidence and the diff, not the layout."""
        return {
            "schema": 1,
            "project": self.report.key,
            "commit": self.bundle.commit,
            "verdict": self.report.verdict.value,
            "judged": self.report.judged and not self.partial,
            "headline": plain(self.report.headline),
            "missing": [*self.missing.unrun],
            "removed_gates": [*self.missing.removed],
            "stale": self.stale or None,
            "evidence": [loads(to_json(each)) for each in self.bundle.evidence],
            "diff": None if self.bundle.diff is None else loads(diff_json.to_json(self.bundle.diff)),
            "against": {name: loads(diff_json.to_json(each)) for name, each in self.bundle.against.items()},
        }


def report(bundle: Bundle, config: Config, occasion: Occasion, *, stale: str = "") -> Reported:
    """Tell what a run measured: what was owed and did not run is told, and then nothing is green."""
    partial = bundle.commit.endswith(PARTIAL)
    missing = Missing() if partial else missing_from(bundle, config)
    told = compose(
        project=config.project,
        evidence=bundle.evidence,
        diff=bundle.diff,
        occasion=Occasion.NONE if partial else occasion,
        against=bundle.against,
        missing=missing.unrun,
        removed=missing.removed,
        stale=stale,
        extent=Extent(others=DIFF),
    )
    return Reported(report=told, bundle=bundle, missing=missing, stale=stale)


def plan_files(reported: Reported) -> Plan:
    """The report's files: Markdown, HTML, JSON and JUnit."""
    contents = {
        "report.md": markdown.render(reported.report, limit=1_000_000),
        "report.html": html.render(reported.report),
        "report.json": dumps(reported.document),
        "junit.xml": junit.render(reported.bundle.evidence),
    }
    writes = (
        FileWrite(path=f"{DIRECTORY}/{name}", content=text.encode())
        for name, text in sorted(contents.items())
    )
    return Plan(files=tuple(writes))


def write_report(files: Files, reported: Reported) -> None:
    """Put the report's files into the project's `.mlci/report/`."""
    files.apply(plan_files(reported))


def summarize(summary: Summary, reported: Reported) -> None:
    """Put the report on the page beside the job's log, as far as there is room for it."""
    text = markdown.render(reported.report, limit=summary.room)
    if len(text.encode()) < summary.room:
        summary.append(text)


def failed(reported: Reported) -> bool:
    """Whether the gate is red."""
    return reported.report.verdict is Verdict.FAILED


def refuse_stale(reported: Reported) -> None:
    """Refuse to decide anything by evidence of something else than what lies here. Raises RefusedError."""
    if reported.stale:
        # Of too much that differs no run leaves word, so that another one alone would change nothing.
        known = any(FIGURE in each.figures for each in reported.bundle.evidence)
        first = "git commit, then " if reported.stale.endswith(UNTOLD) and not known else ""
        raise RefusedError(
            reported.stale[0].lower() + reported.stale[1:],
            id="evidence-of-another-commit",
            help=f"{first}mlci run",
        )
