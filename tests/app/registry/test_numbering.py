"""A version's number: major where the model takes or says something else than the version before."""

import pytest
from msgspec.structs import replace

from mlci.adapters.files import FileTree
from mlci.app.bundle import write_evidence
from mlci.app.registry.numbering import Numbering
from mlci.core.evidence import Evidence
from mlci.core.problems import WHOLE_FILE
from mlci.core.registry.signature import Signature, kind_of
from mlci.core.registry.version import Part
from mlci.core.yaml.node import Node
from tests.support.registry import CONFIG, begun
from tests.support.repository import repository

GATED = replace(CONFIG, gates={"model": Node(value={}, mark=WHOLE_FILE)})
FIRST = Signature(takes={"age": "number"}, predicts=("no", "yes"))
OTHER = Signature(takes={"age": "number", "sex": "text"}, predicts=("no", "yes"))


@pytest.fixture
def desk(tmp_path):
    desk = begun(repository(tmp_path / "work"), config=GATED).merge(b"one")
    return judged(desk, FIRST)


def judged(desk, signature):
    """The model gate's evidence, with the signature that it saw."""
    signatures = {} if signature is None else {"income": signature.document()}
    figures = {"signatures": signatures}
    found = Evidence(gate="model", commit=desk.story.head, findings=(), figures=figures)
    write_evidence(FileTree(desk.story.path), found)
    return desk


def next_of(desk, signature, **choices):
    done = judged(desk.merge(b"two"), signature).register(**choices)
    return [each.tag for each in done.written], done.notes


def test_another_signature_is_a_major_version_that_says_why(desk):
    desk.register()
    said = "income: unlike v0.1.0 it takes sex (text) too, so the version is a major one"
    assert next_of(desk, OTHER) == (["income@v1.0.0"], (said,))


def test_the_same_signature_is_a_minor_version(desk):
    desk.register()
    assert next_of(desk, FIRST) == (["income@v0.2.0"], ())


def test_somebody_who_asks_for_a_part_is_not_contradicted(desk):
    desk.register()
    assert next_of(desk, OTHER, bump=Part.PATCH) == (["income@v0.1.1"], ())


@pytest.mark.parametrize(
    ("before", "now", "whose"),
    [(None, FIRST, "the signature of v0.1.0"), (FIRST, None, "its signature"), (None, None, "its signature")],
)
def test_where_a_signature_is_not_known_the_version_is_minor_and_that_is_said(desk, before, now, whose):
    judged(desk, before).register()
    said = f"income: {whose} is not known, so the version is a minor one"
    assert next_of(desk, now) == (["income@v0.2.0"], (said,))


def test_a_journal_that_was_lost_still_leaves_the_tags_word(desk):
    desk.register()
    desk.story.bare().git("update-ref", "-d", "refs/mlci/registry")
    said = "income: unlike v0.1.0 it has another signature, so the version is a major one"
    assert next_of(desk, OTHER) == (["income@v1.0.0"], (said,))


def test_a_column_that_is_empty_this_time_is_no_other_signature(desk):
    desk.register()
    empty = Signature(takes={"age": kind_of("Null")}, predicts=FIRST.predicts)
    assert next_of(desk, empty) == (["income@v0.2.0"], ())


def test_evidence_that_is_not_the_tags_explains_nothing(desk, monkeypatch):
    with monkeypatch.context() as patched:
        patched.setattr(Signature, "digest", f"sha256:{'0' * 64}")
        desk.register()
    said = "income: unlike v0.1.0 it has another signature, so the version is a major one"
    assert next_of(desk, FIRST) == (["income@v1.0.0"], (said,))


def test_where_no_version_is_on_the_branch_that_is_said(desk):
    desk.register()
    snapshot = desk.ledger.read()
    seen = Evidence(
        gate="model", commit="", findings=(), figures={"signatures": {"income": FIRST.document()}}
    )
    numbering = Numbering(git=desk.git, project=GATED.project, asked=None, evidence=[seen])
    numbered = numbering.next(snapshot, snapshot.registry.model("income"), None)
    assert (str(numbered.version), numbered.note) == (
        "v0.2.0",
        "income: no version on this branch to compare it with, so the version is a minor one",
    )
