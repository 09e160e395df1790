"""A model's trail, from its tags and the journal."""

import json

import pytest

from mlci.app.audit import Filters, audit
from mlci.app.audit_page import audit_page
from mlci.app.ledger import Intent
from mlci.core.journal import Kind
from mlci.core.strictjson import dumps
from mlci.core.version import Version
from mlci.errors import RefusedError, UsageError
from mlci.render import html, markdown, terminal
from tests.support.registry import begun
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


def test_who_is_unknown_is_said(desk):
    with pytest.raises(RefusedError) as caught:
        audit(desk.git, "nobody")
    assert caught.value.id == "model-unknown"


def test_a_name_that_means_several_must_be_said_whole(tmp_path):
    story = repository(tmp_path / "work").commit({"a": "1"})
    for name in ("a=income@v0.1.0", "b=income@v0.1.0"):
        story.tag(name, message="x")
    desk = begun(story)
    with pytest.raises(UsageError) as caught:
        audit(desk.git, "income")
    assert caught.value.id == "model-ambiguous"
    assert audit(desk.git, "a:income").model == "a:income"
