"""Findings as JUnit XML, for the test views of CI systems."""

from collections.abc import Sequence
from xml.etree import ElementTree as ET

from mlci.core.evidence import Evidence
from mlci.core.finding import Finding, Status
from mlci.core.printable import printable_lines


def render(evidence: Sequence[Evidence]) -> str:
    """Return one test suite a gate and one test case a finding, whose time its suite alone knows."""
    root = ET.Element(
        "testsuites", {"name": "mlci", **_counts([f for each in evidence for f in each.findings])}
    )
    for each in evidence:
        suite = ET.SubElement(root, "testsuite", {"name": _printable(each.gate), **_counts(each.findings)})
        suite.set("time", f"{each.seconds:.3f}")
        for finding in each.findings:
            _case(suite, finding)
    ET.indent(root)
    text = ET.tostring(root, encoding="unicode").replace("##[", "##&#91;")
    return f'<?xml version="1.0" encoding="utf-8"?>\n{text}\n'


def _counts(findings: Sequence[Finding]) -> dict[str, str]:
    """The attributes that readers add up; a waived failure is none."""
    return {
        "tests": str(len(findings)),
        "failures": str(sum(each.blocks and each.status is Status.FAIL for each in findings)),
        "errors": str(sum(each.blocks and each.status is Status.ERROR for each in findings)),
        "skipped": str(sum(each.status is Status.SKIP for each in findings)),
    }


def _case(suite: ET.Element, finding: Finding) -> None:
    case = ET.SubElement(
        suite, "testcase", classname=_printable(finding.check), name=_printable(finding.subject), time="0"
    )
    if finding.location is not None:
        case.set("file", _printable(finding.location.path))
    message = _printable(finding.message)
    if finding.blocks:
        kind = "error" if finding.status is Status.ERROR else "failure"
        type_ = _printable(finding.check)
        ET.SubElement(case, kind, message=message, type=type_).text = printable_lines(finding.help or "")
    elif finding.status is Status.SKIP:
        ET.SubElement(case, "skipped", message=message)
    elif finding.status is not Status.PASS:
        ET.SubElement(case, "system-out").text = message


def _printable(text: str) -> str:
    """One line; XML 1.0 has no room for control characters, surrogates or the two non-characters."""
    return "".join(
        letter
        if (letter >= " " and not "\ud800" <= letter <= "\udfff" and letter < "\ufffe") or letter > "\uffff"
        else "\N{REPLACEMENT CHARACTER}"
        for letter in " ".join(text.split())
    )
