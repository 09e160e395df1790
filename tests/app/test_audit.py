"""A model's trail, from its tags and the journal."""

import json

import pytest
from msgspec.structs import replace

from mlci.app.audit import Filters, audit, since
from mlci.app.audit_page import audit_page
from mlci.app.dossier import dossier
from mlci.app.dossier_page import title_of
from mlci.app.history import history
from mlci.app.models import models
from mlci.app.promote import environment_of, name_of
from mlci.app.registry.ledger import Intent
from mlci.app.resolve import resolve
from mlci.app.show import show
from mlci.core.registry import journal
from mlci.core.registry.environments import read
from mlci.core.registry.journal import Kind
from mlci.core.registry.version import Version
from mlci.core.report import plain
from mlci.core.strictjson import dumps
from mlci.errors import MlciError, RefusedError, UsageError
from mlci.ports.git import RefUpdate
from mlci.render import html, markdown, terminal
from tests.support.registry import CONFIG, begun
from tests.support.repository import repository

HOSTILE = "<img src=x onerror=alert(1)> @all [x](javascript:y)"


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    desk = begun(repository(tmp_path_factory.mktemp("trail") / "work"))
    desk.merge(b"one").register()
    desk.merge(prod="income: v0.1.0\n").reconcile()
    desk.merge(b"two").register()
    desk.merge(prod="income: v0.2.0\n").reconcile()
    desk.merge(prod="income: v0.1.0\n").reconcile()
    registry = desk.registry.model("income")
    desk.ledger.settle(
        lambda snapshot: [
            Intent(
                kind=Kind.DEPLOY,
                model="income",
                commit=registry.releases[0].commit,
                version=Version.parse("v0.1.0"),
                environment="prod",
                actor=HOSTILE,
                about=registry.current("prod").event.tag.name,
                details={"ok": False, "code": 3},
            )
        ]
    )
    desk.git.fetch("origin", "+refs/mlci/*:refs/mlci/*", "+refs/tags/*:refs/tags/*")
    desk.story.git("tag", "income@v9.0.0")
    return desk


def test_one_line_an_event_in_order(desk):
    trail = audit(desk.git, "income")

    whats = [each.what for each in trail.steps]
    assert whats[0] == "registered v0.1.0"
    assert "prod back to v0.1.0" in whats
    assert "deploying v0.1.0 in prod failed" in whats
    assert [each.happened.when for each in trail.steps] == sorted(each.happened.when for each in trail.steps)
    assert trail.state == "prod runs v0.1.0, staging runs v0.2.0"


@pytest.mark.parametrize(
    ("filters", "events"),
    [
        (Filters(environment="staging"), {"assign"}),
        (Filters(version=Version.parse("0.2.0"), event=Kind.REGISTER), {"register"}),
        (Filters(event=Kind.DEPLOY), {"deploy"}),
        (Filters(since="2999"), set()),
    ],
)
def test_filters(desk, filters, events):
    assert {each.happened.event for each in audit(desk.git, "income", filters=filters).steps} == events


def test_a_filtered_rollback_is_still_one(desk):
    trail = audit(desk.git, "income", filters=Filters(version=Version.parse("0.1.0")))
    assert "prod back to v0.1.0" in [each.what for each in trail.steps]


def test_every_face_tells_it_and_none_is_fooled(desk):
    trail = audit(desk.git, "income")
    page = audit_page(trail)

    shown = html.page(page)
    assert "<img" not in shown.replace("&lt;img", "")
    assert "<script" not in shown
    assert html.page(page) == shown
    assert "<img" not in markdown.page(page)
    assert "prod back to v0.1.0" in terminal.page(page)
    assert json.loads(dumps(trail.document()))["environments"]["prod"] == "v0.1.0"


def test_history_tells_of_deployments_too(desk):
    first = history(desk.git, environment="prod")[0]
    assert (first.event, first.named, first.version) == ("deploy", "deploy failed", "v0.1.0")
    assert history(desk.git, name="income")[0] == first


def test_only_what_ran_was_taken_out_when_an_environment_is_cleared(tmp_path):
    desk = begun(repository(tmp_path / "work")).merge(b"one")
    desk.register()
    desk.reconcile()
    for content in (b"one", b"two"):
        desk.merge(content).register()
        desk.reconcile()
    desk.merge(prod="income: v0.1.0\n").reconcile()
    desk.merge(prod="income: v0.2.0\n").reconcile()
    desk.merge(prod="# empty\n")
    asked = [str(each) for each in desk.reconcile(prune=True, write=False).pending]
    assert asked[0] == "remove income v0.2.0 in prod (now v0.2.0)"
    assert asked[1] == "close the older assignment of income v0.1.0 in prod"
    desk.reconcile(prune=True)
    told = [each.what for each in audit(desk.git, "income").steps][-2:]
    assert told == ["v0.2.0 taken out of prod", "closed v0.1.0's older assignment to prod"]


def test_what_was_put_into_an_environment_by_hand_is_marked(tmp_path):
    desk = begun(repository(tmp_path / "work")).merge(b"one")
    desk.register()
    desk.reconcile()
    desk.story.git("tag", "--annotate", "--message", "by hand", "income#prod#9", "income@v0.1.0^{commit}")
    (row,) = models(desk.git, desk.git.tags()).rows
    assert (row.running("prod"), row.running("staging")) == ("v0.1.0 (not in the journal)", "v0.1.0")
    found = dossier(desk.git, CONFIG, "", "income")
    assert {each.environment: each.journaled for each in found.runs} == {"prod": False, "staging": True}
    assert "income#prod#9 (not in the journal)" in terminal.page(show(found))


def test_who_is_unknown_is_said(desk):
    with pytest.raises(UsageError) as caught:
        audit(desk.git, "nobody")
    assert (caught.value.id, caught.value.help) == ("model-unknown", "choose one of: income")
    for ask in (
        lambda: audit(desk.git, "income", filters=Filters(environment="nowhere")),
        lambda: history(desk.git, environment="nowhere"),
        lambda: resolve(desk.git, "income#nowhere", config=CONFIG),
    ):
        with pytest.raises(UsageError) as caught:
            ask()
        assert caught.value.id == "environment-unknown"
        assert "prod, staging" in caught.value.help or "staging, prod" in caught.value.help
    for ask in (
        lambda: history(desk.git, name="nobody"),
        lambda: models(desk.git, desk.git.tags(), name="nobody"),
    ):
        with pytest.raises(UsageError) as caught:
            ask()
        assert caught.value.id == "model-unknown"


def test_a_name_with_a_slip_is_guessed(desk):
    for ask, guess in (
        (lambda: audit(desk.git, "incme"), "did you mean 'income'?"),
        (lambda: history(desk.git, environment="pord"), "did you mean 'prod'?"),
        (lambda: name_of(CONFIG, "", "incom"), "did you mean 'income'?"),
        (lambda: environment_of(CONFIG, "stagin"), "did you mean 'staging'?"),
        (lambda: read(b"incom: v1.0.0\n", name="prod.yaml", models={"income"}), "did you mean 'income'?"),
    ):
        with pytest.raises(MlciError) as caught:
            ask()
        told = (caught.value.help, *getattr(caught.value, "problems", ()))
        assert any(guess in each for each in told)


def test_an_environment_that_waits_for_its_first_version_is_none_too_many(desk):
    waiting = replace(CONFIG, environments={**CONFIG.environments, "canary": CONFIG.environments["prod"]})
    assert history(desk.git, environment="canary", config=waiting) == ()


def test_a_model_before_its_first_version_is_told_so(tmp_path):
    git = begun(repository(tmp_path / "work")).git
    for ask in (audit, resolve):
        with pytest.raises(RefusedError) as caught:
            ask(git, "income", config=CONFIG)
        assert (caught.value.id, caught.value.message) == ("version-unknown", "income has no version yet")


@pytest.mark.parametrize("text", ["2026", "2026-03", "2026-03-31", "2026-03-31T08:00", "2026-03-31 08:00:59"])
def test_the_beginning_of_a_date(text):
    assert since(text) == text.replace(" ", "T")


@pytest.mark.parametrize("text", ["", "yesterday", "banana", "26", "2026-13", "2026-02-30", "2026-03T08:00"])
def test_what_is_no_date_is_refused_with_the_forms_there_are(text):
    with pytest.raises(UsageError) as caught:
        since(text)
    assert "2026-03-31" in caught.value.help


def test_a_tag_made_by_hand_is_marked_everywhere(tmp_path):
    desk = begun(repository(tmp_path / "work")).merge(b"one")
    desk.register()
    desk.story.git("tag", "--annotate", "--message", "hand made", "income@v0.4.0")

    told = {each.what: each.how for each in audit(desk.git, "income").steps}
    assert told["registered v0.4.0"] == "not in the journal"
    assert "journal" not in told["registered v0.1.0"]
    assert {each.version: each.journaled for each in history(desk.git)} == {"v0.4.0": False, "v0.1.0": True}
    (row,) = models(desk.git, desk.git.tags(), name="income").rows
    assert [each.marked for each in row.versions] == ["v0.4.0 (not in the journal)", "v0.1.0"]
    asked = ("income", "income@v0.4.0", "income@v0.1.0")
    marked = [plain(title_of(dossier(desk.git, CONFIG, "", each))) for each in asked]
    assert marked == ["income v0.1.0", "income v0.4.0 (not in the journal)", "income v0.1.0"]

    desk.git.update_refs(RefUpdate(ref=journal.REF, new=None))
    assert {each.journaled for each in history(desk.git)} == {None}


def test_a_name_that_means_several_must_be_said_whole(tmp_path):
    story = repository(tmp_path / "work").commit({"a": "1"})
    for name in ("a=income@v0.1.0", "b=income@v0.1.0"):
        story.tag(name, message="x")
    desk = begun(story)
    with pytest.raises(UsageError) as caught:
        audit(desk.git, "income")
    assert caught.value.id == "model-ambiguous"
    assert audit(desk.git, "a:income").model == "a:income"
