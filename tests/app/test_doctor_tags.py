"""What `mlci doctor` says of tags that people made."""

import pytest

from mlci.app.doctor_repository import _tags
from mlci.core.finding import Status
from tests.support.registry import begun
from tests.support.repository import repository


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    desk = begun(repository(tmp_path_factory.mktemp("tags") / "work")).merge(b"one")
    desk.register()
    desk.story.git("tag", "--annotate", "--message", "x", "another@2024")
    return desk


def test_tags_of_ours_and_of_other_tools_are_well(desk):
    assert _tags(desk.git).status is Status.PASS


@pytest.mark.parametrize(
    ("tag", "said"),
    [("income@v1", "cannot be used"), ("income#prod#x", "cannot be used"), ("income@v0.4.0", "journal")],
)
def test_a_tag_made_by_hand_is_named(desk, tag, said):
    desk.story.git("tag", "--annotate", "--message", "x", tag)
    try:
        found = _tags(desk.git)
    finally:
        desk.story.git("tag", "--delete", tag)
    assert found.status is Status.WARN
    assert tag in found.message
    assert said in found.message


def test_a_tag_that_git_cannot_read_is_named_with_what_brings_it_anew(desk):
    name = desk.story.git("rev-parse", "income@v0.1.0").strip()
    (desk.story.path / ".git" / "objects" / name[:2] / name[2:]).unlink()
    found = _tags(desk.git)
    assert found.status is Status.WARN
    assert "Git cannot read 1 tag: income@v0.1.0" in found.message
    desk.story.git(*found.help.partition(";")[0].split()[1:])
    assert _tags(desk.git).status is Status.PASS
