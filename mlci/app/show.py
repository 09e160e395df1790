"""One version, for a person who asks what it is and where it runs."""

from mlci.app import dossier_page as parts
from mlci.app.audit_page import moment
from mlci.app.dossier import Dossier
from mlci.core.report import Page, Paragraph, Section, words
from mlci.core.wording import count


def show(dossier: Dossier) -> Page:
    """The page of a version: where it runs first, then why it may."""
    found = dossier.found
    actor = found.message.get("Actor")
    by = f" by {actor}" if actor else ""
    facts = f"Registered {moment(found.registered)}{by}." if found.registered else "Never registered."
    return Page(
        title=parts.title_of(dossier),
        facts=words(facts),
        sections=parts.present(
            [
                parts.running(dossier),
                parts.metrics(dossier),
                _of_slices(dossier),
                parts.gates(dossier),
                parts.data(dossier),
                parts.params(dossier),
                parts.lineage(dossier),
            ]
        ),
    )


def _of_slices(dossier: Dossier) -> Section | None:
    """Where the many metrics of slices are told."""
    slices = [each for each in dossier.found.metrics if not each.whole]
    said = f"{count(len(slices), 'metric')} more: mlci card {dossier.found.model}@{dossier.found.version}"
    return Section(title="Slices", blocks=(Paragraph(text=words(said)),)) if slices else None
