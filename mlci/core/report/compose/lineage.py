"""What a report rests on: the commit, the bytes that were read, the seeds and the tools."""

from collections.abc import Sequence

from mlci.core.evidence import Evidence
from mlci.core.report import Block, Cell, Column, Paragraph, Section, Table, Text, code, words
from mlci.core.wording import count

_FILES = (Column(title="file"), Column(title="hash"))


def section(evidence: Sequence[Evidence]) -> Section | None:
    """Return the lineage of a run; nothing of it differs between two runs on the same bytes."""
    if not evidence:
        return None
    hashes = {each.path: each.hash for gate in evidence for each in gate.inputs}
    seeds = {f"{gate.gate}.{name}": str(seed) for gate in evidence for name, seed in gate.seeds.items()}
    tools = {name: version for gate in evidence for name, version in gate.tools.items()}
    commit = evidence[0].commit
    blocks: list[Block] = [Paragraph(text=(*words("Commit "), *code(commit)))] if commit else []
    blocks += [
        Paragraph(text=_named(title, each)) for title, each in (("Tools", tools), ("Seeds", seeds)) if each
    ]
    if not (blocks or hashes):
        return None
    if hashes:
        rows = tuple(tuple(Cell(text=code(each)) for each in row) for row in sorted(hashes.items()))
        blocks.append(Table(columns=_FILES, rows=rows))
    summary = words(count(len(hashes), "file") if hashes else "a commit")
    return Section(title="What this rests on", blocks=tuple(blocks), summary=summary, folded=True)


def _named(title: str, values: dict[str, str]) -> Text:
    text = words(f"{title}: ")
    for index, (name, value) in enumerate(sorted(values.items())):
        text += words(", ") if index else ()
        text += (*code(name), *words(" "), *code(value))
    return text
