"""GitHub's and GitLab's clients against a forge on the loopback: one comment, whatever happens."""

import logging
from dataclasses import dataclass
from types import SimpleNamespace

import pytest

from mlci.core.report.comment import marked
from mlci.errors import Exit, ForgeError
from mlci.forges.github import GitHub
from mlci.forges.gitlab import GitLab
from mlci.ports.forge import Posted
from tests.support.fakes import FakeClock
from tests.support.forge import BOT, TOKEN, Fault, Harm, serving
from tests.support.repository import repository

KEY = "report:credit"
DATE = "Sat, 21 Nov 2026 10:00:00 GMT"
LATER = "Sat, 21 Nov 2026 10:00:09 GMT"


@dataclass
class Place:
    """A pull request on a forge, and a client that speaks to it."""

    provider: str
    server: object
    project: object
    pull: object
    clock: FakeClock
    client: object

    def post(self, body, key=KEY):
        return self.client.upsert_comment(self.pull.number, key, body, head=self.pull.head)

    def plant(self, harm, *, on, **more):
        """Fail requests that list, create or edit comments."""
        verbs = {"list": "GET", "create": "POST", "edit": "PATCH" if self.provider == "github" else "PUT"}
        self.server.faults.append(
            Fault(method=verbs[on], path=r"/(comments|notes)(/\d+)?(\?|$)", harm=harm, **more)
        )

    @property
    def ours(self):
        return [each.body for each in self.pull.comments if each.author == BOT]


def client_of(provider, server, project, clock, token=TOKEN):
    if provider == "github":
        return GitHub(repository=project.name, token=token, api_url=server.github_api, clock=clock)
    page = f"{server.url}/{project.name}"
    return GitLab(project=str(project.id), page=page, token=token, url=server.url, clock=clock)


@pytest.fixture(autouse=True)
def unpaced(monkeypatch):
    """PyGithub keeps a second between writes."""
    monkeypatch.setattr("github.Requester.time", SimpleNamespace(sleep=lambda _: None))


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """One forge for all; what tests do to it is undone."""
    with serving(tmp_path_factory.mktemp("forge")) as forge:
        project = forge.create("acme/credit")
        story = repository(tmp_path_factory.mktemp("work")).commit().branch("better").commit()
        story.git("push", "-q", str(project.path), "main", "better")
        yield forge


@pytest.fixture(params=["github", "gitlab"])
def place(request, server):
    (project,) = server.projects.values()
    begun, clock = project.sha("main"), FakeClock()
    pull = project.open("better")
    yield Place(request.param, server, project, pull, clock, client_of(request.param, server, project, clock))
    project.git("update-ref", "refs/heads/main", begun)
    for each in (project.pulls, server.faults, server.requests):
        each.clear()


def test_a_report_is_created_then_left_alone_then_updated(place):
    assert place.post("one").posted is Posted.CREATED
    writes = len(place.server.writes())
    again = place.post("one")
    assert (again.posted, len(place.server.writes())) == (Posted.UNCHANGED, writes)
    changed = place.post("two")
    assert changed.posted is Posted.UPDATED
    assert changed.url == again.url
    assert place.ours == [marked("two", KEY)]


@pytest.mark.parametrize("depth", [1, 30, 31, 100, 101, 250])
def test_our_comment_is_found_however_deep_it_lies(place, depth):
    place.pull.comment(BOT, marked("old", KEY))
    for number in range(depth):
        place.pull.comment("ana", f"remark {number}")
    assert place.post("new").posted is Posted.UPDATED
    assert place.ours == [marked("new", KEY)]
    reads = [path for verb, path, _ in place.server.requests if verb == "GET" and "page=" in path]
    assert len(reads) == (depth + 1) // 100 + 1


def test_the_newest_remarks_may_come_after_ours_too(place):
    for number in range(150):
        place.pull.comment("ana", f"remark {number}")
    place.pull.comment(BOT, marked("old", KEY))
    assert place.post("new").posted is Posted.UPDATED


@pytest.mark.parametrize(
    "body", [marked("spoof", KEY), f"> {marked('quoted', KEY)}", f"x\n{marked('y', KEY)}"]
)
def test_a_strangers_marker_counts_for_nothing(place, body):
    stranger = place.pull.comment("mallory", body)
    assert place.post("ours").posted is Posted.CREATED
    assert (stranger.body, place.ours) == (body, [marked("ours", KEY)])


def test_each_key_has_its_own_comment(place):
    place.post("one", "report:credit")
    place.post("two", "report:churn")
    place.post("one again", "report:credit")
    assert place.ours == [marked("one again", "report:credit"), marked("two", "report:churn")]


def test_of_two_copies_the_older_stays(place):
    first = place.pull.comment(BOT, marked("a", KEY))
    place.pull.comment(BOT, marked("b", KEY))
    assert place.post("c").posted is Posted.UPDATED
    assert [each.id for each in place.pull.comments] == [first.id]


def test_a_copy_that_somebody_else_removed_first_is_no_failure(place):
    place.pull.comment(BOT, marked("a", KEY))
    place.pull.comment(BOT, marked("b", KEY))
    place.server.faults.append(Fault(method="DELETE", path="", harm=Harm.LATE, status=404))
    place.post("c")
    assert place.ours == [marked("c", KEY)]


PASSING = {
    "reset": (Harm.RESET, {}),
    "reset after": (Harm.AFTER, {}),
    "broken": (Harm.BROKEN, {}),
    "502": (Harm.STATUS, {"status": 502}),
    "502 after": (Harm.LATE, {"status": 502}),
    "503 page": (Harm.STATUS, {"status": 503, "document": b"<html>down</html>"}),
    "200 page": (Harm.LATE, {"status": 200, "document": b"<html>welcome</html>"}),
    "200 of another shape": (Harm.LATE, {"status": 200, "document": {"id": None}}),
    "409": (Harm.STATUS, {"status": 409}),
    "429": (Harm.STATUS, {"status": 429, "headers": {"Retry-After": "7"}}),
    "429 dated": (Harm.STATUS, {"status": 429, "headers": {"Retry-After": LATER, "Date": DATE}}),
    "429 bare": (Harm.STATUS, {"status": 429}),
}


@pytest.mark.parametrize("on", ["list", "create", "edit"])
@pytest.mark.parametrize("name", PASSING)
def test_what_passes_is_waited_for_and_leaves_one_comment(place, on, name):
    harm, more = PASSING[name]
    if on == "edit":
        place.pull.comment(BOT, marked("old", KEY))
    place.plant(harm, on=on, **more)
    place.post("new")
    assert place.ours == [marked("new", KEY)]
    assert 0 < place.clock.seconds <= 300
    assert place.post("new").posted is Posted.UNCHANGED


@pytest.mark.parametrize("name", PASSING)
def test_what_never_passes_ends_within_the_budget_and_a_healthy_rerun_converges(place, name):
    harm, more = PASSING[name]
    place.plant(harm, on="create", times=1000, **more)
    # What was done before the answer went wrong is found by the next look.
    if harm in (Harm.AFTER, Harm.LATE, Harm.BROKEN):
        place.post("new")
    else:
        with pytest.raises(ForgeError) as told:
            place.post("new")
        assert told.value.exit_code == Exit.FORGE
        assert told.value.help
    assert place.clock.seconds <= 300
    place.server.faults.clear()
    place.post("new")
    assert place.ours == [marked("new", KEY)]


FINAL = {
    "401": ({"status": 401, "message": "Bad credentials"}, "TOKEN"),
    "403": ({"status": 403, "message": "Resource not accessible by integration"}, "token"),
    "404": ({"status": 404, "message": "Not Found"}, "does not exist"),
    "422": ({"status": 422, "message": "Validation Failed"}, ""),
}


# A comment that is gone when it is edited was a surplus copy in somebody else's eyes.
@pytest.mark.parametrize(
    ("on", "name"),
    [(on, name) for on in ("list", "create", "edit") for name in FINAL if (on, name) != ("edit", "404")],
)
def test_a_refusal_is_told_at_once(place, on, name):
    if on == "edit":
        place.pull.comment(BOT, marked("old", KEY))
    more, advice = FINAL[name]
    place.plant(Harm.STATUS, on=on, times=1000, **more)
    with pytest.raises(ForgeError, match=f"status {name}") as told:
        place.post("new")
    assert (told.value.exit_code, told.value.id) == (Exit.FORGE, "forge-refused")
    assert advice in told.value.help
    assert place.clock.seconds == 0
    refused = [path for _, path, status in place.server.requests if status == int(name)]
    assert len([path for path in refused if not path.endswith("/user")]) == 1


def test_a_secondary_limit_is_waited_for_a_minute_each_time(place):
    place.plant(
        Harm.STATUS, on="create", status=403, message="You have exceeded a secondary rate limit", times=2
    )
    place.post("new")
    assert 120 <= place.clock.seconds <= 150
    assert place.ours == [marked("new", KEY)]


def test_a_limit_that_lasts_is_no_missing_permission(place):
    place.plant(Harm.STATUS, on="list", status=429, headers={"Retry-After": "3600"}, times=1000)
    with pytest.raises(ForgeError, match="status 429") as told:
        place.post("new")
    assert (told.value.id, place.clock.seconds) == ("forge-limited", 0)


def test_a_comment_that_is_too_long_is_named_as_such(place):
    with pytest.raises(ForgeError, match="too long") as told:
        place.post("x" * 1_000_001)
    assert told.value.id == "comment-too-long"


@pytest.mark.parametrize("status", [301, 302, 307, 308])
@pytest.mark.parametrize("on", ["list", "create"])
def test_nobody_sends_our_token_elsewhere(place, on, status):
    # A connection to any other address than the loopback's fails the test.
    elsewhere = {"Location": "http://192.0.2.1/collect"}
    place.plant(Harm.STATUS, on=on, status=status, headers=elsewhere, times=1000)
    with pytest.raises(ForgeError) as told:
        place.post("new")
    assert told.value.exit_code == Exit.FORGE


@pytest.mark.parametrize(
    "document", [[], [{"id": 1, "body": "x", "user": None, "author": {"username": "a"}, "html_url": "u"}]]
)
def test_a_list_without_end_is_left(place, document):
    link = {"Link": f'<{place.server.url}/next>; rel="next"'}
    place.plant(Harm.STATUS, on="list", status=200, headers=link, document=document, times=10_000)
    with pytest.raises(ForgeError, match="no end"):
        place.post("new")
    assert len(place.server.requests) == 100


def test_the_token_is_in_nothing_that_is_said(place, caplog):
    caplog.set_level(logging.DEBUG)
    said = []
    for more, _ in FINAL.values():
        place.plant(Harm.STATUS, on="list", **more)
        with pytest.raises(ForgeError) as told:
            place.post("new")
        said += [told.value.message, told.value.help, repr(told.value), repr(told.value.__cause__)]
    place.post("new")
    assert TOKEN not in "".join(said) + caplog.text + repr(vars(place.client))


def test_the_pull_request_of_a_commit_is_the_open_one_then_the_merged_one(place):
    head = place.pull.head
    found = place.client.pull_request_of(head)
    assert (found.number, found.head, found.same_repository) == (1, head, True)
    assert place.client.pull_request_of(place.project.sha("main")) is None
    merged = place.project.merge(place.pull, how="squash")
    assert place.client.pull_request_of(merged).number == 1


def test_a_pull_request_is_opened_once_even_when_its_answer_is_lost(place):
    place.pull.state = "closed"
    place.server.faults.append(Fault(method="POST", path="/(pulls|merge_requests)$", harm=Harm.AFTER))
    made = place.client.open_pull_request(branch="better", base="main", title="T", body="")
    again = place.client.open_pull_request(branch="better", base="main", title="T", body="")
    assert made.number == again.number == 2
