"""Findings as JUnit XML, for the test views of CI systems."""

from collections.abc import Sequence
from xml.etree import ElementTree as ET

from mlci.core.evidence import Evidence
from mlci.core.finding import Finding, Status, Verdict
from mlci.core.printable import clean, printable


def render(evidence: Sequence[Evidence]) -> str:
    """Return one test suite a gate and one test case a finding, what fails before what does not.

    How long a case took its suite alone knows.
    """
    root = ET.Element(
        "testsuites", {"name": "mlci", **_counts([f for each in evidence for f in each.findings])}
    )
    for each in sorted(evidence, key=lambda one: one.verdict is not Verdict.FAILED):
        suite = ET.SubElement(root, "testsuite", {"name": clean(each.gate), **_counts(each.findings)})
        suite.set("time", f"{each.seconds:.3f}")
        for finding in sorted(each.findings, key=lambda one: not one.blocks):
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
        suite, "testcase", classname=clean(finding.check), name=clean(finding.subject), time="0"
    )
    if finding.location is not None:
        case.set("file", clean(finding.location.path))
    message = clean(finding.message)
    if finding.blocks:
        kind = "error" if finding.status is Status.ERROR else "failure"
        type_ = clean(finding.check)
        ET.SubElement(case, kind, message=message, type=type_).text = _lines(finding.help, _waiver(finding))
    elif finding.status is Status.SKIP:
        ET.SubElement(case, "skipped", message=message)
    elif finding.status is not Status.PASS:
        ET.SubElement(case, "system-out").text = _lines(finding.message, _waiver(finding))


def _waiver(finding: Finding) -> str:
    """Who accepted it, until when and why: what is waived passes, and its reader must see by whose word."""
    waived = finding.waived
    if waived is None:
        return ""
    return f"{waived.lasts}, by {waived.owner}: {waived.reason}"


def _lines(*texts: str | None) -> str:
    """Several lines, none of them a command to CI."""
    lines = (line for text in texts for line in (text or "").splitlines())
    return "\n".join(printable(clean(line)) for line in lines)
