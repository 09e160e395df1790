"""The gate of a promotion's pull request, and the branch that asks for one."""

import json
import re

import pytest
from msgspec.structs import replace

from mlci.adapters.files import FileTree
from mlci.app.bundle import write_diff, write_evidence
from mlci.app.promote import promote, told
from mlci.app.promotion_check import check
from mlci.app.promotion_report import promotion_report
from mlci.app.proposal import propose
from mlci.app.retire import retire
from mlci.app.rollback import rollback
from mlci.core.config import Direction
from mlci.core.diff import Diff, MetricDiff
from mlci.core.evidence import Evidence, Input
from mlci.core.finding import Finding, Status, Verdict
from mlci.core.problems import WHOLE_FILE
from mlci.core.report import plain
from mlci.core.strictjson import dumps
from mlci.core.yaml.node import Node
from mlci.errors import Exit, ForgeError, RefusedError
from mlci.ports.forge import PullRequest
from mlci.ports.git import RefUpdate
from mlci.render import html, markdown, terminal
from tests.support.fakes import FakeDvc, FakeForge
from tests.support.registry import CONFIG, CONTEXT, begun
from tests.support.repository import repository

MODEL = replace(CONFIG.models["income"], test="data/test.csv")
GATED = replace(
    CONFIG,
    models={"income": MODEL},
    gates={"model": Node(value={}, mark=WHOLE_FILE)},
    environments={
        **CONFIG.environments,
        "prod": replace(CONFIG.environments["prod"], needs=None),
    },
)


def judged(desk, value):
    """A run's evidence and diff in the work tree."""
    files, head = FileTree(desk.story.path), desk.story.head
    finding = Finding(check="model.objective", subject="income.f1", status=Status.PASS, message="good")
    inputs = (Input(path="data/test.csv", hash="md5:1"),)
    write_evidence(files, Evidence(gate="model", commit=head, findings=(finding,), inputs=inputs))
    metric = MetricDiff(metric="f1", model="income", direction=Direction.HIGHER, head=value)
    part = replace(metric, subject="region=east")
    write_diff(files, Diff(base=None, head=head, metrics=(metric, part)))


@pytest.fixture
def desk(tmp_path):
    desk = begun(repository(tmp_path / "work"), config=GATED)
    for content, value in ((b"one", 0.75), (b"two", 0.8125)):
        desk.merge(content)
        judged(desk, value)
        desk.register()
    desk.merge(prod="income: v0.1.0\n").reconcile()
    return desk


def ask(desk, line="income: v0.2.0\n"):
    desk.story.branch("ask").commit({"environments/prod.yaml": line})
    return desk


def checked(desk, **dvc):
    return check(desk.ledger, desk.config, "", desk.story.head, FakeDvc(**dvc))


def test_a_good_promotion_is_one_green_report_with_the_difference(desk):
    found = checked(ask(desk))
    report = promotion_report(found, project="credit")

    assert (found.exit, report.verdict) == (Exit.DONE, Verdict.PASSED)
    assert plain(report.headline) == "You may merge: this would promote income v0.2.0 in prod (now v0.1.0)"
    text = " ".join(terminal.render(report).split())
    for word in (
        "income.f1",
        "0.7500",
        "0.8125",
        "+0.0625",
        "same test data",
        "hashed again as storage holds it",
    ):
        assert word in text
    assert "1 metric of slices: mlci card income@v0.2.0" in text
    assert "region" not in text
    assert json.loads(dumps(found.document()))["candidates"][0]["same_test_data"] is True
    assert "income" in markdown.render(report)
    assert "income" in html.render(report)


def test_bytes_that_the_remote_lacks_forbid_it(desk):
    missing = desk.registry.model("income").versions[0].registered.message.get("Model-Hash")
    found = checked(ask(desk), missing=[missing.removeprefix("md5:")])

    assert found.exit is Exit.REFUSED
    report = promotion_report(found, project="credit")
    assert report.verdict is Verdict.FAILED
    assert plain(report.headline) == "Do not merge: 1 promise not kept"
    assert "dvc push" in terminal.render(report)


def test_other_bytes_under_the_name_of_the_right_ones_are_an_integrity_error(desk):
    md5 = desk.registry.model("income").versions[0].registered.message.get("Model-Hash").removeprefix("md5:")
    found = checked(ask(desk), stored={md5: "0" * 32})

    assert found.exit is Exit.INTEGRITY
    (answer,) = [each for each in found.candidates[0].answers if each.blocks]
    assert (answer.what, answer.help) == ("bytes", "mlci verify income@v0.2.0")
    assert "storage holds other bytes, md5 00000000" in answer.why


def test_a_tag_that_promises_other_bytes_than_the_lock_is_an_integrity_error(desk):
    tag, here = (
        "income@v0.2.0",
        desk.story.git("for-each-ref", "--format=%(contents)", "refs/tags/income@v0.2.0"),
    )
    other = re.sub("Model-Hash: md5:.*", f"Model-Hash: md5:{'1' * 32}", here)
    desk.story.git(
        "tag", "--force", "--annotate", "--cleanup=verbatim", "--message", other, tag, f"{tag}^{{}}"
    )
    desk.story.git("push", "--quiet", "--force", "origin", tag)

    found = checked(ask(desk))

    assert found.exit is Exit.INTEGRITY
    broken = [each for each in found.candidates[0].answers if each.broken]
    assert "its tag says md5:1111" in broken[-1].why


def test_evidence_that_was_exchanged_is_an_integrity_error(desk):
    tip = desk.ledger.read().journal
    path = "credit/income/v0.2.0/evidence/model.json"
    made = desk.git.write_commit({path: b"{}"}, parent=tip, message="x\n", when=desk.clock.now())
    desk.git.update_refs(RefUpdate(ref="refs/mlci/registry", new=made))
    desk.story.git("push", "--quiet", "origin", "+refs/mlci/registry:refs/mlci/registry")

    found = checked(ask(desk))

    assert found.exit is Exit.INTEGRITY
    assert [each.what for each in found.candidates[0].answers if each.blocks] == ["evidence"]


def test_a_version_that_was_registered_by_hand_has_no_evidence(desk):
    desk.merge(b"three")
    desk.story.tag("income@v7.0.0", message="by hand").git("push", "--quiet", "origin", "income@v7.0.0")

    found = checked(ask(desk, "income: v7.0.0\n"))
    assert (found.exit, [each.id for each in found.refusals]) == (Exit.REFUSED, ["version-not-in-journal"])

    desk.story.bare().git("update-ref", "-d", "refs/mlci/registry")
    found = checked(desk)
    assert found.exit is Exit.REFUSED
    assert {each.what: each.ok for each in found.candidates[0].answers}["evidence"] is False


def test_going_back_is_never_blocked(desk):
    desk.merge(prod="income: v0.2.0\n").reconcile()
    one = desk.registry.model("income").versions[1].registered.message.get("Model-Hash")

    found = checked(ask(desk, "income: v0.1.0\n"), missing=[one.removeprefix("md5:")])

    assert found.exit is Exit.DONE
    report = promotion_report(found, project="credit")
    assert report.verdict is Verdict.WARNED
    assert "bring income v0.1.0 back to prod (now v0.2.0)" in plain(report.headline)


def test_an_unknown_version_is_told_in_the_report_too(desk):
    found = checked(ask(desk, "income: v5.0.0\n"))

    assert found.exit is Exit.REFUSED
    assert "version-unknown" in terminal.render(promotion_report(found, project="credit"))


def here(desk):
    return check(desk.ledger, desk.config, "", desk.story.head, FakeDvc(), FileTree(desk.story.path))


def test_at_a_desk_the_files_are_judged_as_they_lie_there(desk):
    desk.story.write({"environments/prod.yaml": "income: v0.2.0\n"})
    found = here(desk)
    assert [str(each) for each in found.changes] == ["promote income v0.2.0 in prod (now v0.1.0)"]
    assert found.document()["uncommitted"] == ["environments/prod.yaml"]
    said = " ".join(terminal.render(promotion_report(found, project="credit")).split())
    assert "Not committed yet: environments/prod.yaml." in said

    assert checked(desk).changes == ()
    assert "Not committed" not in terminal.render(promotion_report(checked(ask(desk)), project="credit"))
    desk.story.write({"environments/prod.yaml": "income: v0.1.0\n"})
    assert here(desk).changes == ()


def test_line_ends_that_a_checkout_turned_are_no_change(desk):
    desk.story.git("config", "core.autocrlf", "true")
    desk.story.write({"environments/prod.yaml": None}).git("checkout", "--", "environments/prod.yaml")
    assert (desk.story.path / "environments/prod.yaml").read_bytes() == b"income: v0.1.0\r\n"
    assert (here(desk).changed, here(desk).uncommitted) == ((), ())
    desk.story.write({"environments/prod.yaml": "income: v0.2.0\r\n"})
    assert here(desk).uncommitted == ("environments/prod.yaml",)
    assert [str(each) for each in here(desk).changes] == ["promote income v0.2.0 in prod (now v0.1.0)"]


def test_a_file_that_was_removed_at_a_desk_is_refused_before_it_is_committed(desk):
    desk.story.write({"environments/prod.yaml": None})
    refused = here(desk)
    assert [each.id for each in refused.refusals] == ["environment-emptied"]
    report = promotion_report(refused, project="credit")
    assert plain(report.headline) == "Do not merge: 1 change that no rule allows"
    assert "runs income [environment-emptied]" in " ".join(terminal.render(report).split())


def test_a_change_of_no_environment_says_so(desk):
    desk.story.branch("other").commit({"a": "1"})
    report = promotion_report(checked(desk), project="credit")
    assert plain(report.headline) == "No environment would change"


class Opening(FakeForge):
    """A forge that opens one pull request a branch."""

    opened: dict[str, str]

    def open_pull_request(self, *, branch, base, title, body):
        self.opened = {**getattr(self, "opened", {}), branch: title}
        url = f"https://forge.example/{len(self.opened)}"
        return PullRequest(number=1, head="", base_branch=base, head_branch=branch, title=title, url=url)


def asked_for(desk, **options):
    return promote(desk.ledger, desk.config, "", None, model="income", version="v0.2.0", to="prod", **options)


def test_a_proposal_is_one_branch_from_main_and_one_pull_request(desk):
    desk.story.write({"environments/prod.yaml": "garbage"})
    forge = Opening(None)

    first = propose(desk.ledger, forge, "", asked_for(desk))
    ref = "refs/heads/promote/prod/income-v0.2.0"
    tip = desk.git.remote_refs("origin", ref)[ref]
    again = propose(desk.ledger, forge, "", asked_for(desk))

    assert forge.opened == {"promote/prod/income-v0.2.0": "Run income v0.2.0 in prod"}
    assert first.url == again.url == "https://forge.example/1"
    assert desk.git.remote_refs("origin", ref)[ref] == tip
    changed = desk.story.git("diff", "--name-only", desk.ledger.read().tip, tip)
    assert changed == "environments/prod.yaml"
    assert desk.story.git("show", f"{tip}:environments/prod.yaml") == "income: v0.2.0"
    assert (desk.story.path / "environments/prod.yaml").read_text() == "garbage"


class Forbidding(FakeForge):
    """A forge that lets nobody open a pull request."""

    def open_pull_request(self, *, branch, base, title, body):
        raise ForgeError("Actions may not create pull requests", id="forge-forbidden", help="ask an owner")


def test_a_branch_without_its_pull_request_says_what_is_left_to_do(desk):
    with pytest.raises(ForgeError) as caught:
        propose(desk.ledger, Forbidding(None), "", asked_for(desk))
    said = caught.value
    assert (said.id, "may not create" in said.message) == ("forge-forbidden", True)
    assert said.message.startswith("promote/prod/income-v0.2.0 is pushed")
    assert said.help.startswith("open one into main by hand")


def test_without_a_forge_it_says_what_to_type(desk):
    proposal = propose(desk.ledger, FakeForge(None, id="notes"), "", asked_for(desk))
    assert any("git merge promote/prod/income-v0.2.0" in line for line in proposal.lines)


def test_a_dry_run_pushes_nothing(desk):
    propose(desk.ledger, FakeForge(None), "", asked_for(desk), write=False)
    assert desk.git.remote_refs("origin", "refs/heads/promote/*") == {}


def test_a_rollback_is_proposed_alike(desk):
    desk.merge(prod="income: v0.2.0\n").reconcile()
    asked = rollback(desk.ledger, desk.config, "", None, environment="prod", model="income")
    proposal = propose(desk.ledger, Opening(None), "", asked)
    assert proposal.branch == "promote/prod/income-v0.1.0"


def test_a_pin_says_that_the_environment_stops_following(desk):
    files = FileTree(desk.story.path)
    asked = promote(desk.ledger, GATED, "", files, model="income", version="v0.1.0", to="staging")
    lines = told(asked)
    assert "stops following new versions" in lines[1]
    dry = told(asked, write=False)
    assert "would ask staging to run income v0.1.0" in dry[0]
    assert "merging" not in " ".join(dry)

    files.apply(asked.plan)
    again = promote(desk.ledger, GATED, "", files, model="income", version="v0.2.0", to="staging")
    assert not again.follows


def test_a_proposal_that_was_only_tried_says_what_would_happen(desk):
    asked = promote(desk.ledger, GATED, "", None, model="income", version="v0.2.0", to="prod")
    (line,) = propose(desk.ledger, FakeForge(None), "", asked, write=False).lines
    assert line.startswith("promote/prod/income-v0.2.0 would be pushed, with a pull request: ")


def test_a_rollback_to_what_was_withdrawn_says_so(tmp_path):
    desk = begun(repository(tmp_path / "work")).merge(b"one")
    desk.register()
    desk.reconcile()
    desk.merge(b"two").register()
    desk.reconcile()
    retire(desk.ledger, CONFIG, "", CONTEXT, model="income", version="v0.1.0", reason="bad")
    with pytest.raises(RefusedError) as caught:
        rollback(desk.ledger, CONFIG, "", None, environment="staging", model="income")
    assert caught.value.id == "nothing-to-roll-back-to"
    assert "was withdrawn: v0.1.0" in caught.value.message
