"""A model card: what people say of a model, joined with what was measured of one version."""

from pathlib import PurePosixPath

import yaml
from msgspec import Struct

from mlci.app import dossier_page as parts
from mlci.app.dossier import Dossier
from mlci.app.registry.situation import path_of
from mlci.app.resolve import Resolved
from mlci.core.config import Config, Model, Task
from mlci.core.evidence import BIAS, LOAD, MODEL
from mlci.core.registry.stated import Stated
from mlci.core.report import Cell, Column, Page, Section, Table, Text, words
from mlci.core.report.page import sections_of
from mlci.core.strictjson import JsonValue
from mlci.core.wording import number
from mlci.ports.git import Git
from mlci.render import html, markdown

PROSE = "MODEL_CARD.md"
_PIPELINE_TAGS = {
    Task.BINARY: "tabular-classification",
    Task.MULTICLASS: "tabular-classification",
    Task.REGRESSION: "tabular-regression",
}
_LIBRARIES = {".skops": "sklearn", ".keras": "keras"}
_PERCENTILES = (("0.5", "p50"), ("0.95", "p95"), ("0.99", "p99"))


class Card(Struct, frozen=True, kw_only=True):
    """The card of one version: a page, and the header that model hubs read."""

    page: Page
    header: JsonValue

    def markdown(self) -> str:
        """The card with its header, as a hub's `README.md`."""
        header = yaml.safe_dump(self.header, sort_keys=False, allow_unicode=False, width=1000)
        return f"---\n{header}---\n\n{markdown.page(self.page)}"

    def html(self) -> str:
        """The card as one page."""
        return html.page(self.page)


def card(git: Git, config: Config, prefix: str, dossier: Dossier) -> Card:
    """The card of a version, from its commit's `MODEL_CARD.md`, its tag and its evidence."""
    (prose,) = git.blobs([(dossier.found.commit, path_of(prefix, PROSE))])
    said = sections_of((prose or b"").decode("utf-8", "replace"))
    owner = _owner(config, dossier)
    sections = [
        *said,
        parts.signature(dossier),
        parts.metrics(dossier),
        parts.findings(dossier, MODEL, "Slices", (f"{MODEL}.slice",)),
        parts.findings(dossier, MODEL, "Checks", (f"{MODEL}.beats_dummy", f"{MODEL}.calibration")),
        parts.findings(dossier, BIAS, "Groups", _bias_checks(dossier)),
        parts.findings(dossier, LOAD, "Under load"),
        _windows(dossier),
        parts.gates(dossier),
        parts.data(dossier),
        parts.params(dossier),
        parts.lineage(dossier),
        parts.running(dossier),
        parts.history(dossier),
    ]
    title = (*words("Model card: "), *parts.title_of(dossier))
    page = Page(title=title, facts=owner, sections=parts.present(sections))
    return Card(page=page, header=_header(config, dossier))


def _owner(config: Config, dossier: Dossier) -> Text:
    model = config.models.get(dossier.found.model.rpartition(":")[2])
    task = f"A {model.task.value} model" if model else "A model"
    owner = f", owned by {model.owner}" if model and model.owner else ""
    return words(f"{task} of project {config.project}{owner}.")


def _bias_checks(dossier: Dossier) -> tuple[str, ...]:
    bias = [each for each in dossier.kept.evidence if each.gate == BIAS]
    checks = {finding.check for each in bias for finding in each.findings}
    return tuple(sorted(checks - {f"{BIAS}.readable"}))


def _windows(dossier: Dossier) -> Section | None:
    """What the load gate measured, window by window."""
    figures = next((each.figures for each in dossier.kept.evidence if each.gate == LOAD), {})
    listed = figures.get("windows")
    rows = [each for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []
    head = ("window", "requests", "failed", *(f"{title} (ms)" for _, title in _PERCENTILES))
    columns = tuple(Column(title=each, number=True) for each in head)
    cells = tuple(
        tuple(Cell(text=words(text)) for text in (str(index), *_window(each)))
        for index, each in enumerate(rows, 1)
    )
    return Section(title="Latency", blocks=(Table(columns=columns, rows=cells),)) if rows else None


def _window(window: dict[str, JsonValue]) -> list[str]:
    times = window.get("ms")
    ms = times if isinstance(times, dict) else {}
    return [
        *(_figure(window.get(key), 0) for key in ("requests", "failed")),
        *(_figure(ms.get(key), 1) for key, _ in _PERCENTILES),
    ]


def _figure(value: JsonValue, decimals: int) -> str:
    known = isinstance(value, int | float) and not isinstance(value, bool)
    return number(float(value), decimals=decimals) if known and isinstance(value, int | float) else "–"


def _header(config: Config, dossier: Dossier) -> JsonValue:
    found = dossier.found
    local = found.model.rpartition(":")[2]
    model = config.models.get(local)
    header: dict[str, JsonValue] = {"model_name": local, "version": found.version}
    library = _LIBRARIES.get(PurePosixPath(found.path).suffix)
    if library:
        header["library_name"] = library
    if model:
        header["pipeline_tag"] = _PIPELINE_TAGS[model.task]
    header["tags"] = ["mlci", config.project]
    # A hub knows metrics by their ids and no slices; those are told below.
    own = [each for each in found.metrics if each.whole and each.name.partition(".")[0] == local]
    header["metrics"] = [*sorted({_metric(each) for each in own})]
    if model and own:
        result: JsonValue = {
            "task": {"type": _PIPELINE_TAGS[model.task]},
            "dataset": _dataset(config, model, found),
            "metrics": [{"type": _metric(each), "name": each.name, "value": each.value} for each in own],
        }
        header["model-index"] = [{"name": local, "results": [result]}]
    return header


def _dataset(config: Config, model: Model, found: Resolved) -> JsonValue:
    """The rows it was measured on; their hash is what tells one revision from another."""
    name = model.test or model.predictions or model.name
    dataset: dict[str, JsonValue] = {"type": config.project, "name": name, "split": "test"}
    known = dict(each.rpartition(" ")[::2] for each in found.message.all("Data"))
    return {**dataset, "revision": known[name]} if name in known else dataset


def _metric(stated: Stated) -> str:
    return stated.name.rpartition(".")[2]
