"""A version's dossier as sections of a page; `show` and `card` choose among them."""

from collections.abc import Iterable, Sequence

from mlci.app.audit_page import moment
from mlci.app.dossier import Dossier, Running
from mlci.app.history import NOT_IN_JOURNAL
from mlci.app.registry.numbering import signature_in
from mlci.core.evidence import Evidence
from mlci.core.finding import Finding, Verdict
from mlci.core.registry.fold import shown
from mlci.core.report import (
    Cell,
    Column,
    Item,
    Items,
    Paragraph,
    Section,
    Table,
    Text,
    Tone,
    code,
    words,
)
from mlci.core.report.compose.gates import TONES
from mlci.core.strictjson import JsonValue, dumps
from mlci.core.wording import NOTHING, number

_VERDICTS = {
    Verdict.PASSED.value: Tone.GOOD,
    Verdict.WARNED.value: Tone.WARN,
    Verdict.FAILED.value: Tone.BAD,
}
_LONGEST_VALUE = 200


def running(dossier: Dossier) -> Section:
    """Where it runs, since when, and whether the deployment there went well."""
    said = {True: ("deployed", Tone.GOOD), False: ("the deployment failed", Tone.BAD), None: ("", Tone.MUTED)}
    rows = [
        (
            Cell(text=code(each.environment)),
            Cell(text=words(moment(each.since))),
            Cell(text=_assigned_by(each)),
            Cell(text=words(said[each.deployed][0]), tone=said[each.deployed][1]),
        )
        for each in dossier.runs
    ]
    if not rows:
        return Section(title="Runs", blocks=(Paragraph(text=words("No environment runs this version.")),))
    return _table("Runs", ("environment", "since (UTC)", "assigned by", "deployment"), rows)


def _assigned_by(run: Running) -> Text:
    """The tag that put it there; nobody judged what was put there by hand."""
    return (*code(run.tag), *words(f" ({NOT_IN_JOURNAL})" if run.journaled is False else ""))


def metrics(dossier: Dossier) -> Section | None:
    """The metrics of the whole test set that it was registered with; each interval is the version's own."""
    rows = [
        (
            Cell(text=code(each.name)),
            Cell(text=words(number(each.value))),
            Cell(text=words(each.limits or NOTHING)),
            Cell(text=words(each.verdict.replace("_", " "))),
        )
        for each in dossier.found.metrics
        if each.whole
    ]
    head = ("metric", "value#", "95 % interval#", "against the version before")
    return _table("Metrics", head, rows) if rows else None


def signature(dossier: Dossier) -> Section | None:
    """The columns that it takes, and what it answers."""
    found = signature_in(dossier.kept.evidence, dossier.found.model.rpartition(":")[2])
    if found is None:
        return None
    rows = [(Cell(text=code(name)), Cell(text=words(kind))) for name, kind in found.takes.items()]
    answers = Paragraph(text=(*words("It answers "), *code(", ".join(found.predicts)), *words(".")))
    table = _table("Inputs and outputs", ("column", "kind"), rows)
    return Section(title=table.title, blocks=(*table.blocks, answers))


def gates(dossier: Dossier) -> Section | None:
    """How each gate ended, what was waived, and whether the evidence still is what the tag promised."""
    message = dossier.found.message
    ended = [value.rpartition("=") for value in message.all("Gate")]
    items = [
        Item(text=(*code(gate), *words(f" {verdict}")), tone=_VERDICTS.get(verdict, Tone.NEUTRAL))
        for gate, _, verdict in ended
    ]
    for key, said in (("Waiver", "waived: "), ("Allow-Failed", "registered in spite of this: ")):
        items += [Item(text=words(said + each), tone=Tone.WARN) for each in message.all(key)]
    if dossier.intact is False:
        then = words("mlci verify says more")
        items.append(
            Item(text=words("the journal's evidence is not what the tag promises"), tone=Tone.BAD, then=then)
        )
    return Section(title="Gates", blocks=(Items(items=tuple(items)),)) if items else None


def lineage(dossier: Dossier) -> Section:
    """What it is made of, from where it can be fetched, and who brought it."""
    found, message = dossier.found, dossier.found.message
    facts = [
        ("commit", found.commit),
        ("tag", found.tag),
        ("merged", f"{dossier.merged} ({dossier.merged_by})"),
        ("pull request", message.get("Pull-Request")),
        ("registered", found.registered),
        ("registered by", message.get("Actor")),
        ("run", message.get("Run")),
        ("path", found.path),
        ("hash", found.hash),
        ("lies at", found.url),
        ("signature", message.get("Signature-Hash")),
        ("lock", message.get("Lock-Hash")),
        ("evidence", message.get("Evidence-Digest")),
        ("same bytes as", message.get("Same-Bytes-As")),
        ("made with mlci", message.get("Mlci")),
    ]
    rows = [(Cell(text=words(key)), Cell(text=code(value))) for key, value in facts if value]
    return _table("Lineage", ("fact", "value"), rows)


def data(dossier: Dossier) -> Section | None:
    """The data sets it was made from, by content."""
    sets = [each.rpartition(" ") for each in dossier.found.message.all("Data")]
    rows = [(Cell(text=code(path)), Cell(text=code(value))) for path, _, value in sets]
    return _table("Data sets", ("data set", "hash"), rows) if rows else None


def params(dossier: Dossier) -> Section | None:
    """The parameters that its stages ran with."""
    rows = [(Cell(text=code(key)), Cell(text=code(_shown(value)))) for key, value in dossier.params.items()]
    return _table("Parameters", ("parameter", "value"), rows) if rows else None


def history(dossier: Dossier) -> Section:
    """What happened to this version."""
    rows = [
        (
            Cell(text=words(moment(each.happened.when))),
            Cell(text=words(each.what), tone=Tone.BAD if each.ok is False else Tone.NEUTRAL),
            Cell(text=words(each.happened.actor)),
        )
        for each in dossier.steps
    ]
    return _table("History", ("when (UTC)", "what", "by"), rows)


def findings(dossier: Dossier, gate: str, title: str, checks: Sequence[str] = ()) -> Section | None:
    """What one gate found of this model, in the order in which it asked."""
    local = dossier.found.model.rpartition(":")[2]
    kept = [each for each in dossier.kept.evidence if each.gate == gate]
    rows = [_finding(each, local) for each in _chosen(kept, checks, local)]
    head = ("check", "of", "answer", "rows#")
    return _table(title, head, rows) if rows else None


def present(sections: Iterable[Section | None]) -> tuple[Section, ...]:
    """The sections that there are."""
    return tuple(each for each in sections if each is not None)


def _chosen(kept: Iterable[Evidence], checks: Sequence[str], model: str) -> list[Finding]:
    every = [finding for each in kept for finding in each.findings]
    if not checks:
        return every
    # A check of a model begins its subject with the model's name: another model's are not ours.
    return [
        each
        for each in every
        if each.check in checks and each.subject.partition(".")[0] in (model, each.subject)
    ]


def _finding(finding: Finding, model: str) -> tuple[Cell, ...]:
    return (
        Cell(text=code(finding.check)),
        Cell(text=code(finding.subject.removeprefix(f"{model}."))),
        Cell(text=words(finding.message), tone=TONES[finding.status]),
        Cell(text=words("" if finding.n is None else f"{finding.n:,}")),
    )


def _shown(value: JsonValue) -> str:
    text = value if isinstance(value, str) else dumps(value, indent=None).strip()
    return text if len(text) <= _LONGEST_VALUE else text[: _LONGEST_VALUE - 1] + "…"


def _table(title: str, head: Sequence[str], rows: Sequence[tuple[Cell, ...]]) -> Section:
    """A section of one table; a column whose title ends with `#` holds numbers."""
    columns = tuple(Column(title=each.removesuffix("#"), number=each.endswith("#")) for each in head)
    return Section(title=title, blocks=(Table(columns=columns, rows=tuple(rows)),))


def title_of(dossier: Dossier) -> Text:
    """What a page about a version is called."""
    withdrawn = "" if dossier.found.active else " (withdrawn)"
    strange = f" ({NOT_IN_JOURNAL})" if dossier.foreign else ""
    return (*code(dossier.found.model), *words(f" {shown(dossier.found.version)}{withdrawn}{strange}"))
