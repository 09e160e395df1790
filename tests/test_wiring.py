"""What the environment and the shared options make of the world."""

import io
import json
from pathlib import Path

import pytest

from mlci.core.context import Trigger
from mlci.errors import ConfigError, UsageError, WorldError
from mlci.wiring import Settings, World, confidential
from tests.support.repository import repository

CONFIG = "version: 1\nproject: credit\n"


def world(directory: Path, environment: dict[str, str] | None = None, **settings) -> World:
    return World(Settings(directory=directory, **settings), environment or {})


@pytest.fixture
def work(tmp_path: Path) -> Path:
    repository(tmp_path / "work").commit({"mlci.yaml": CONFIG, "a.txt": "1"})
    return tmp_path / "work"


def test_nothing_is_made_before_it_is_asked_for_and_nothing_twice(work: Path) -> None:
    here = world(work)

    assert here.made == {}
    assert here.project() is here.project()
    assert here.repository() is here.repository()


@pytest.mark.parametrize(("environment", "kept"), [({}, True), ({"CI": "true"}, False)])
def test_ci_leaves_no_tree_for_a_later_run_to_believe(
    work: Path, environment: dict[str, str], kept: bool
) -> None:
    world(work, environment).project()

    assert (work / ".git" / "mlci" / "trees").exists() is kept


def test_the_project_is_found_from_below(work: Path) -> None:
    (work / "src").mkdir()

    here = world(work / "src")

    assert here.project().directory == work.resolve()
    assert here.files().read("a.txt") == b"1"


def test_a_wrong_configuration_is_an_error_each_time_it_is_asked_for(work: Path) -> None:
    (work / "mlci.yaml").write_text("version: 1\nprojekt: credit\n")
    here = world(work)

    for _ in range(2):
        with pytest.raises(ConfigError):
            here.project()


def test_at_a_desk_there_is_no_provider(work: Path) -> None:
    assert world(work).context().trigger is Trigger.LOCAL
    assert world(work).forge().id == "notes"


def test_github_is_known_by_its_variables_and_its_event(work: Path, tmp_path: Path) -> None:
    event = tmp_path / "event.json"
    head, base = "a" * 40, "b" * 40
    repo = {"full_name": "o/r"}
    event.write_text(
        json.dumps(
            {
                "pull_request": {
                    "number": 7,
                    "head": {"sha": head, "repo": repo},
                    "base": {"sha": base, "repo": repo},
                }
            }
        )
    )
    told = {
        "GITHUB_ACTIONS": "true",
        "GITHUB_EVENT_NAME": "pull_request",
        "GITHUB_EVENT_PATH": str(event),
        "GITHUB_REPOSITORY": "o/r",
    }

    here = world(work, told)

    assert (here.context().head, here.context().pull_request) == (head, 7)
    with pytest.raises(UsageError) as caught:
        here.forge()
    assert caught.value.id == "forge-token-missing"
    assert world(work, {**told, "GITHUB_TOKEN": "ghs_secret"}).forge().id == "github"


@pytest.mark.parametrize("content", [None, b"", b"{", b"\xff"])
def test_an_event_that_cannot_be_read_is_named(content: bytes | None, work: Path, tmp_path: Path) -> None:
    event = tmp_path / "event.json"
    if content is not None:
        event.write_bytes(content)

    with pytest.raises(WorldError) as caught:
        world(work, {"GITHUB_ACTIONS": "true", "GITHUB_EVENT_PATH": str(event)}).context()

    assert (caught.value.id, caught.value.where) == ("event-unreadable", str(event))


@pytest.mark.parametrize(
    ("environment", "color", "wanted"),
    [({}, True, True), ({}, False, False), ({"NO_COLOR": "1"}, True, False), ({"TERM": "dumb"}, True, False)],
)
def test_who_may_refuse_colour(
    environment: dict[str, str], color: bool, wanted: bool, tmp_path: Path
) -> None:
    assert world(tmp_path, environment, color=color).color is wanted


def test_quiet_means_no_progress(work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.StringIO()
    monkeypatch.setattr("sys.stderr", stream)
    for quiet in (True, False):
        progress = world(work, quiet=quiet).progress
        progress.step("reproduce")
        progress.line("::set-env name=A::b")
        progress.done()
        assert bool(stream.getvalue()) is not quiet

    lines = stream.getvalue().splitlines()
    assert lines[0] == "reproduce …"
    assert not any(line.lstrip().startswith("::") for line in lines)
    assert lines[2].startswith("reproduce: done (")


def test_what_a_stranger_may_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STORE_SECRET_KEY", "correct-horse")

    said = confidential(f"correct-horse at {Path.home()}/x, https://ana:pw@example.org")

    assert said == "*** at ~/x, https://***@example.org"
