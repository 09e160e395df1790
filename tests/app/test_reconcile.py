import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from msgspec.structs import replace

from mlci.adapters.files import FileTree
from mlci.app.audit import audit
from mlci.app.models import models
from mlci.app.promote import promote
from mlci.app.promotion_check import check
from mlci.app.reconcile import Reconciled
from mlci.app.resolve import resolve
from mlci.app.rollback import rollback
from mlci.errors import ConfigError, Exit, RefusedError
from tests.support.fakes import FakeDvc
from tests.support.registry import CONFIG, Desk, begun
from tests.support.repository import repository


@pytest.fixture
def desk(tmp_path):
    return begun(repository(tmp_path / "work"))


@pytest.fixture
def two(desk):
    """Two versions, the second in staging, the first in prod."""
    desk.merge(b"one").register()
    desk.reconcile()
    desk.merge(prod="income: v0.1.0\n").reconcile()
    desk.merge(b"two").register()
    desk.reconcile()
    return desk


def tags(done):
    return [each.tag for each in done.written]


def test_the_configuration_of_a_branch_writes_nothing(desk):
    desk.merge(b"one").register()
    desk.story.branch("other").commit({"mlci.yaml": "version: 1\n# no rules\n"})
    assert desk.reconcile(write=False).pending != ()
    with pytest.raises(RefusedError) as caught:
        desk.reconcile()
    assert (caught.value.id, desk.tags) == ("not-on-main", ["income@v0.1.0"])


def test_a_whole_life(two):
    assert (two.running("staging"), two.running("prod")) == ("v0.2.0", "v0.1.0")
    assert tags(two.merge(prod="income: v0.2.0\n").reconcile()) == ["income#prod#4"]
    assert tags(two.reconcile()) == []
    assert tags(two.merge(prod="income: v0.1.0\n").reconcile()) == ["income#prod#5"]
    assert two.running("prod") == "v0.1.0"


def test_check_and_dry_run_write_nothing(two):
    before = two.merge(prod="income: v0.2.0\n").tags
    assert [str(each) for each in two.reconcile(write=False).pending] == [
        "promote income v0.2.0 in prod (now v0.1.0)"
    ]
    assert two.tags == before


def test_what_is_needed_first_and_given_at_the_same_moment_has_proven_nothing(desk):
    desk.merge(b"one").register()
    with pytest.raises(RefusedError) as caught:
        promote(desk.ledger, desk.config, "", None, model="income", version="v0.1.0", to="prod")
    assert caught.value.id == "environment-needs"
    desk.merge(prod="# nothing\n").story.branch("ask").commit({"environments/prod.yaml": "income: v0.1.0\n"})
    found = check(desk.ledger, desk.config, "", desk.story.head, FakeDvc())
    (rules,) = [each for each in found.candidates[0].answers if each.what == "rules"]
    assert (found.exit, rules.blocks) == (Exit.REFUSED, True)
    assert "income v0.1.0 never ran in staging before" in rules.why


def test_what_is_merged_all_the_same_is_done_in_one_run_and_told(desk):
    desk.merge(b"one").register()
    desk.merge(prod="income: v0.1.0\n")
    asked = desk.reconcile(write=False)
    assert len(asked.warnings) == 1
    done = desk.reconcile()
    assert (tags(done), done.warnings) == (["income#staging#1", "income#prod#2"], asked.warnings)
    assert done.document()["warnings"] == list(done.warnings)
    assert desk.reconcile() == Reconciled()


def test_an_older_slower_job_sees_the_newest_files(two, tmp_path):
    two.merge(prod="income: v0.2.0\n")
    slow = two.clone(tmp_path / "slow")
    two.merge(prod="income: v0.1.0\n")
    assert tags(slow.reconcile()) == []
    assert two.running("prod") == "v0.1.0"


def test_an_unreadable_file_stops_everything(two):
    with pytest.raises(ConfigError):
        two.merge(prod="income: [v0.2.0\n").reconcile(prune=True)
    assert two.running("prod") == "v0.1.0"


def test_an_emptied_file_is_refused_until_it_is_meant(two):
    two.merge(prod="# empty\n")
    assert [each.id for each in two.reconcile().refusals] == ["environment-emptied"]
    assert two.running("prod") == "v0.1.0"
    assert tags(two.reconcile(prune=True)) == ["income#prod!#4"]
    assert two.running("prod") is None


def test_what_is_written_gto_reads(two):
    shown = subprocess.run(
        [Path(sys.executable).with_name("gto"), "show", "--json"],
        cwd=two.story.path,
        capture_output=True,
        check=True,
    )
    assert json.loads(shown.stdout)["income"]["version"] == "v0.2.0"
    assert json.loads(shown.stdout)["income"]["stage"] == {"prod": "v0.1.0", "staging": "v0.2.0"}


def test_a_promotion_changes_one_line(two):
    files = FileTree(two.story.path)
    two.merge(prod="# who decides: risk\nincome: v0.1.0  # since March\n")
    asked = promote(two.ledger, two.config, "", files, model="income", version=None, to="prod")
    assert (asked.version, asked.before) == ("v0.2.0", "v0.1.0")
    files.apply(asked.plan)
    text = files.read("environments/prod.yaml").decode()
    assert text == "# who decides: risk\nincome: v0.2.0  # since March\n"
    assert (
        promote(two.ledger, two.config, "", files, model="income", version=None, to="prod").plan.pending == ()
    )


@pytest.mark.parametrize(("version", "id"), [("v9.0.0", "version-unknown"), ("v0.3.0", "environment-needs")])
def test_a_promotion_that_no_rule_allows_is_refused(two, version, id):
    two.merge(staging="income: v0.2.0\n")
    two.merge(b"three").register()
    with pytest.raises(RefusedError) as caught:
        promote(
            two.ledger, two.config, "", FileTree(two.story.path), model="income", version=version, to="prod"
        )
    assert caught.value.id == id


def test_a_branch_is_judged_by_what_merging_would_do(two):
    two.story.branch("ask").commit({"environments/prod.yaml": "income: v0.2.0\n"})
    found = check(two.ledger, two.config, "", two.story.head, FakeDvc())
    assert (found.changed, [str(each) for each in found.changes], found.refusals) == (
        ("prod",),
        ["promote income v0.2.0 in prod (now v0.1.0)"],
        (),
    )
    two.story.commit({"environments/prod.yaml": "income: v5.0.0\n"})
    assert [each.id for each in check(two.ledger, two.config, "", two.story.head, FakeDvc()).refusals] == [
        "version-unknown"
    ]
    two.story.switch("main").branch("other").commit({"readme": "x"})
    assert check(two.ledger, two.config, "", two.story.head, FakeDvc()).changed == ()


def test_a_rollback_asks_for_what_ran_before(two):
    two.merge(prod="income: v0.2.0\n").reconcile()
    files = FileTree(two.story.path)
    asked = rollback(two.ledger, two.config, "", files, environment="prod", model="income")
    assert (asked.version, asked.before) == ("v0.1.0", "v0.2.0")
    with pytest.raises(RefusedError):
        rollback(two.ledger, two.config, "", files, environment="prod", model="income", version="v0.9.0")


def test_a_second_rollback_never_goes_forward_again(two):
    def back(**wanted):
        asked = rollback(two.ledger, two.config, "", None, environment="prod", model="income", **wanted)
        two.merge(prod=f"income: {asked.version}\n").reconcile()
        return asked.version

    two.merge(prod="income: v0.2.0\n").reconcile()
    two.merge(b"three").register()
    two.reconcile()
    two.merge(prod="income: v0.3.0\n").reconcile()
    assert [back(), back()] == ["v0.2.0", "v0.1.0"]
    with pytest.raises(RefusedError) as caught:
        back()
    assert "rolled back from v0.2.0, v0.3.0" in caught.value.message
    assert back(version="v0.3.0") == "v0.3.0"
    assert back() == "v0.1.0"


def test_a_server_that_refuses_tags_is_named_with_what_helps(two):
    hook = Path(two.story.git("remote", "get-url", "origin"), "hooks", "pre-receive")
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho 'GH013: creations being restricted' >&2\nexit 1\n")
    hook.chmod(0o755)
    two.story.commit({"environments/prod.yaml": "income: v0.2.0\n"})
    hook.rename(hook.with_name("later"))
    two.story.git("push", "--quiet", "origin", "main")
    hook.with_name("later").rename(hook)
    with pytest.raises(Exception, match="does not let us write") as caught:
        two.reconcile()
    assert caught.value.id == "push-refused"
    assert not any(tag.startswith("income#prod#4") for tag in two.story.git("tag").splitlines())


def test_projects_of_one_repository_do_not_touch_one_another(desk):
    churn = Desk(desk.story, config=replace(CONFIG, project="churn"), prefix="services/churn")
    desk.merge(b"one").register()
    churn.merge(b"two")
    assert [each.tag for each in churn.register().written] == ["services/churn=income@v0.1.0"]
    assert tags(desk.reconcile()) == ["income#staging#1"]
    assert tags(churn.reconcile()) == ["services/churn=income#staging#1"]
    assert tags(churn.merge(prod="income: v0.1.0\n").reconcile()) == ["services/churn=income#prod#2"]
    assert desk.running("prod") is None
    found = resolve(desk.git, "income#prod", config=churn.config, prefix="services/churn")
    assert (found.model, found.place) == ("services/churn:income", "services/churn/models/income.skops")


def test_a_commit_without_a_version_is_never_told_as_one(two):
    two.story.git("tag", "--delete", "income@v0.2.0")
    two.story.git("tag", "income@v0.2.0")
    (row,) = models(two.git, two.git.tags()).rows
    assert row.runs["staging"].startswith("unregistered ")
    trail = audit(two.git, "income")
    told = " ".join([*(each.what for each in trail.steps), *(title for _, title in trail.runs)])
    assert not re.search("[0-9a-f]{40}", told)
