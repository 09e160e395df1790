from dataclasses import dataclass

import pytest

from mlci.adapters.files import FileTree
from mlci.app.sync import check, plan_sync, sync
from mlci.core.config import Ci, Config
from mlci.core.managed import sha256
from mlci.core.plan import Change
from mlci.errors import ConfigError, DriftError

MAIN = ".github/workflows/mlci-credit-main.yml"


@dataclass(frozen=True)
class Place:
    config: Config
    prefix: str = ""


def place(project="credit", prefix="", **ci):
    return Place(Config(project=project, ci=Ci(**ci)), prefix)


@pytest.fixture
def files(tmp_path):
    return FileTree(tmp_path)


def run(files, *places, version="0.1.0", overwrite=False):
    planned = plan_sync(places or (place(),), files, version=version, overwrite=overwrite)
    sync(planned, files, overwrite=overwrite)
    return {each.path: each.change for each in planned.plan.pending}


def everything(files):
    return {path: files.read(path) for path in files.list()}


def drift(files, *places, version="0.1.0"):
    with pytest.raises(DriftError) as raised:
        check(plan_sync(places or (place(),), files, version=version))
    return raised.value


def test_the_second_run_writes_nothing_and_the_check_is_content(files):
    assert set(run(files).values()) == {Change.CREATE}
    before = everything(files)
    assert run(files) == {}
    assert everything(files) == before
    check(plan_sync([place()], files, version="0.1.0"))


def test_both_providers_and_the_lock_are_written(files):
    assert sorted(run(files)) == [
        ".github/workflows/mlci-credit-comment.yml",
        MAIN,
        ".github/workflows/mlci-credit-pull-request.yml",
        ".gitlab-ci.yml",
        ".gitlab/mlci-credit.yml",
        "mlci.lock",
    ]


def test_a_changed_configuration_is_drift_that_names_the_files_and_the_command(files):
    run(files)
    found = drift(files, place(branch="trunk"))
    assert found.exit_code == 6
    assert MAIN in found.message
    assert "mlci sync" in found.help


def test_a_file_that_is_gone_or_edited_is_drift(files):
    run(files)
    files.delete(MAIN)
    assert MAIN in drift(files).message
    run(files)
    files.write(MAIN, b"name: mine\n")
    assert MAIN in drift(files).message


def test_a_hand_edit_is_kept_until_told_otherwise(files):
    run(files)
    files.write(MAIN, b"name: mine\n")
    with pytest.raises(DriftError, match="edited by hand"):
        run(files, place(branch="trunk"))
    assert files.read(MAIN) == b"name: mine\n"
    assert run(files, overwrite=True) == {MAIN: Change.UPDATE}
    assert run(files) == {}


def test_nothing_is_written_at_all_when_one_file_was_edited(files):
    run(files)
    files.write(MAIN, b"name: mine\n")
    before = everything(files)
    with pytest.raises(DriftError):
        run(files, place(branch="trunk"))
    assert everything(files) == before


def test_a_file_of_the_same_name_that_mlci_never_wrote_is_not_replaced(files):
    files.write(MAIN, b"name: mine\n")
    with pytest.raises(DriftError, match="not written by mlci"):
        run(files)


def test_a_new_configuration_updates_what_mlci_wrote(files):
    run(files)
    assert run(files, place(branch="trunk"))[MAIN] is Change.UPDATE


def test_a_provider_that_is_gone_takes_its_files_along_and_leaves_the_users(files):
    run(files)
    changes = run(files, place(providers=("github",)))
    assert changes[".gitlab/mlci-credit.yml"] is Change.DELETE
    assert files.exists(".gitlab-ci.yml")
    assert run(files, place(providers=("github",))) == {}


def test_an_edited_file_of_a_provider_that_is_gone_is_not_deleted(files):
    run(files)
    files.write(".gitlab/mlci-credit.yml", b"mine: {}\n")
    with pytest.raises(DriftError):
        run(files, place(providers=("github",)))
    assert files.exists(".gitlab/mlci-credit.yml")


def test_a_lock_cannot_name_a_file_of_the_users_for_deletion(files):
    run(files)
    source = b"print()\n"
    files.write("train.py", source)
    lock = files.read("mlci.lock").decode()
    planted = f'"files": {{"train.py": "{sha256(source)}",'
    files.write("mlci.lock", lock.replace('"files": {', planted).encode())
    assert run(files) == {"mlci.lock": Change.UPDATE}
    assert files.read("train.py") == source


def test_projects_of_one_repository_do_not_touch_one_another(files):
    both = (place("a", "services/a"), place("b", "services/b"))
    run(files, *both)
    assert run(files, *both) == {}
    changes = run(files, both[0])
    assert {path for path, change in changes.items() if change is Change.DELETE} == {
        ".github/workflows/mlci-b-comment.yml",
        ".github/workflows/mlci-b-main.yml",
        ".github/workflows/mlci-b-pull-request.yml",
        ".gitlab/mlci-b.yml",
    }


@pytest.mark.parametrize("other", ["credit", "Credit"])
def test_two_projects_of_one_name_are_refused(files, other):
    with pytest.raises(ConfigError, match="would share"):
        run(files, place("credit", "a"), place(other, "b"))


def test_an_entry_file_of_the_users_own_is_not_touched_but_checked(files):
    files.write(".gitlab-ci.yml", b"stages: [test]\n")
    run(files)
    assert files.read(".gitlab-ci.yml") == b"stages: [test]\n"
    found = drift(files)
    assert (found.id, found.where) == ("ci-entry-missing", ".gitlab-ci.yml")
    assert ".gitlab/mlci-credit.yml" in found.help
    files.write(".gitlab-ci.yml", b"include: [{local: .gitlab/mlci-credit.yml}]\n")
    check(plan_sync([place()], files, version="0.1.0"))


def test_another_version_of_mlci_is_drift(files):
    run(files)
    assert "mlci.lock" in drift(files, version="0.2.0").message


@pytest.mark.parametrize("lock", [b"<<<<<<< ours\n", b"{}", b"[]", b"\xff"])
def test_a_lock_that_cannot_be_read_says_what_to_type_and_can_be_replaced(files, lock):
    run(files)
    files.write("mlci.lock", lock)
    with pytest.raises(ConfigError) as raised:
        run(files)
    assert "mlci sync --overwrite" in raised.value.help
    assert run(files, overwrite=True) == {"mlci.lock": Change.UPDATE}


def test_killed_after_any_write_the_next_run_completes(files):
    planned = plan_sync([place()], files, version="0.1.0")
    for count in range(len(planned.plan.files)):
        for each in planned.plan.files[:count]:
            files.write(each.path, each.content)
        run(files)
        assert run(files) == {}
        for path in everything(files):
            files.delete(path)
