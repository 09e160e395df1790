"""The other faces of a report: terminal, HTML, JUnit."""

import re
from xml.etree import ElementTree as ET

import pytest
from msgspec.structs import replace

from mlci.core.evidence import Evidence
from mlci.core.finding import Finding, Location, Status, Waived
from mlci.core.report import Cell, Column, Section, Table, code, words
from mlci.render import html, junit, terminal
from tests.support.reports import bad

HOSTILE = "<script>alert(1)</script>\x1b[31m\u202e@all"


def test_terminal_lines_fit_and_hold_no_control_characters() -> None:
    text = terminal.render(bad(HOSTILE * 3))
    assert text.startswith("FAILED: Do not merge")
    assert all(len(line) <= 80 for line in text.splitlines())
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f\u202e]", text)


def test_a_brief_report_names_what_it_folds() -> None:
    text = terminal.render(bad(), brief=True)
    assert text.endswith("\nGates (4 passed, 1 failed)\n")
    assert len(text) < len(terminal.render(bad()))


def test_terminal_table_keeps_its_columns() -> None:
    lines = terminal.render(bad()).splitlines()
    header = next(line for line in lines if "objective" in line)
    first = next(line for line in lines if line.strip().startswith("roc_auc"))
    assert first.index("0.8431") + 6 == header.index("main") + 4
    assert "x regressed" in first or any("x regressed" in line for line in lines)


def test_a_terminal_paints_verdicts_and_nothing_else_changes() -> None:
    painted = terminal.render(bad(), paint=lambda text, tone: f"<{tone}>{text}</>")
    assert painted.startswith("<bad>FAILED</>: Do not merge")
    assert "<bad>x regressed" in painted
    assert re.sub(r"</?[a-z]*>", "", painted) == terminal.render(bad())
    hostile = terminal.render(bad(HOSTILE * 3), paint=lambda text, tone: f"<{tone}>{text}</>")
    assert not re.search(r"[\ue000-\ue00f\x1b]", hostile)


def test_html_is_self_contained_and_escapes() -> None:
    page = html.render(bad(HOSTILE))
    assert "<script" not in page
    assert not re.search(r"(?:src|href)=", page)
    assert "url(" not in page
    assert page.count('class="interval"') == 2


def test_html_is_the_same_twice() -> None:
    assert html.render(bad()) == html.render(bad())


@pytest.mark.parametrize("message", ["plain", HOSTILE, "\x00\ud800\uffff"])
def test_junit_is_valid_xml_with_the_gate_as_suite(message: str) -> None:
    findings = (
        Finding(check="data.missing", subject="train.income", status=Status.FAIL, message=message),
        Finding(check="data.rows", subject="train", status=Status.SKIP, message="no contract"),
        Finding(check="data.range", subject="train", status=Status.PASS, message="in range"),
    )
    root = ET.fromstring(junit.render([Evidence(gate="data", commit="c" * 40, findings=findings)]))
    suite = root.find("testsuite")
    assert suite is not None
    assert suite.attrib["failures"] == "1"
    assert [len(case) for case in suite] == [1, 1, 0]


# What Jenkins' and GitLab's readers know of each element, and what a strict schema demands of it.
KNOWN = {
    "testsuites": {"name", "tests", "failures", "errors", "skipped"},
    "testsuite": {"name", "tests", "failures", "errors", "skipped", "time"},
    "testcase": {"name", "classname", "time", "file"},
    "failure": {"message", "type"},
    "error": {"message", "type"},
    "skipped": {"message"},
    "system-out": set(),
}
OPTIONAL = {"file"}


def test_junit_holds_what_readers_know_and_its_counts_add_up() -> None:
    where = Location(path="contracts/train.yaml", line=3)
    findings = tuple(
        Finding(check=f"data.{status}", subject="s", status=status, message="m", location=where)
        for status in Status
    )
    waived = replace(findings[3], waived=Waived(owner="a", reason="r", until="2027-01-01"))
    gates = [Evidence(gate=name, commit="c" * 40, findings=(*findings, waived)) for name in ("data", "model")]
    root = ET.fromstring(junit.render(gates))
    for element in root.iter():
        assert KNOWN[element.tag] - OPTIONAL <= element.attrib.keys() <= KNOWN[element.tag], element.tag
    assert [root.attrib[name] for name in ("tests", "failures", "errors", "skipped")] == ["12", "2", "2", "2"]
    assert len(root.findall(".//failure")) == len(root.findall(".//error")) == 2


@pytest.mark.parametrize(
    ("expired", "place", "said"),
    [
        (False, ".//system-out", "m\naccepted until 2027-01-01"),
        (True, ".//failure", "h\nits waiver ended on 2027-01-01"),
    ],
)
def test_junit_says_by_whose_word_a_failure_is_accepted(expired: bool, place: str, said: str) -> None:
    waived = Waived(owner="ana", reason="planned", until="2027-01-01", expired=expired)
    failed = Finding(check="data.rows", subject="t", status=Status.FAIL, message="m", help="h", waived=waived)
    root = ET.fromstring(junit.render([Evidence(gate="data", commit="c" * 40, findings=(failed,))]))
    assert root.findtext(place) == f"{said}, by ana: planned"


def test_the_page_says_what_lies_left_and_right_and_needs_no_colour() -> None:
    found = html.render(bad())
    assert "<span>0.0478 worse</span><span>no change</span><span>0.0478 better</span>" in found
    assert 'aria-label="roc_auc: regressed, −0.0419 (−0.0478, −0.0360)"' in found
    assert '<span class="said bad">regressed</span>' in found
    assert "Right is better; the thin line is no change; the dashed line is the accepted drop." in found


def test_on_a_phone_a_table_of_words_is_a_list_and_each_cell_says_what_it_is() -> None:
    worded = Table(
        columns=(Column(title="check"), Column(title="subject"), Column(title="answer")),
        rows=((Cell(text=code("a.b")), Cell(text=()), Cell(text=words("0.9, expected ≥ 0.8"))),),
    )
    pairs = Table(columns=worded.columns[:2], rows=tuple(row[:2] for row in worded.rows))
    numbered = Table(columns=(Column(title="n", number=True),), rows=((Cell(text=words("1")),),))
    section = Section(title="Gate", blocks=(worded, pairs, numbered))
    found = html.render(replace(bad(), sections=(section,)))
    assert found.count('<table class="words"') == 1
    assert '<td role="cell" data-title="subject" class="neutral"></td>' in found
    assert 'data-title="answer"' in found
    assert "expected ≥\N{NO-BREAK SPACE}0.8" in found


def test_tables_of_the_page_can_be_scrolled_by_keyboard_and_folded_parts_are_printed() -> None:
    found = html.render(bad())
    assert '<div class="wide" role="region" tabindex="0" aria-label="objective, main, this change' in found
    assert found.count('<th scope="col"') == 5
    assert found.count('role="columnheader"') == 5
    assert "@media print" in found
    assert "details::details-content { content-visibility: visible; block-size: auto; }" in found
