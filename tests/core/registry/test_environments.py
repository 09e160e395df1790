import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlci.core.config import Environment
from mlci.core.registry.environments import ABSENT, Desired, Move, Situation, decide, read
from mlci.core.registry.fold import fold
from mlci.core.registry.version import Version
from mlci.errors import ConfigError
from tests.support.tags import history, tag

LINE = ["e", "d", "c", "b", "a"]
STAGING = Environment(name="staging", follows="new")
PROD = Environment(name="prod", needs="staging")
V1 = [("m@v1.0.0", "a"), ("m#staging#1", "a")]
V2 = [*V1, ("m#prod#2", "a"), ("m@v2.0.0", "b"), ("m#staging#3", "b")]


def desired(**versions):
    return Desired(lines={model: Version.parse(text) for model, text in versions.items()})


def decided(tags, prod=ABSENT, staging=ABSENT, *, environments=(STAGING, PROD), deployed=(), prune=False):
    situation = Situation(
        environments={each.name: each for each in environments},
        models={"m": "m"},
        desired={"staging": staging, "prod": prod},
        registry=history(*tags),
        line=LINE,
        deployed=deployed,
    )
    decision = decide(situation, prune=prune)
    moves = [(each.move, each.environment, each.release.title) for each in decision.changes]
    return moves, [each.id for each in decision.refusals]


def test_nothing_registered_is_nothing_to_do():
    assert decided([]) == ([], [])


def test_an_environment_that_follows_gets_the_newest_version():
    assert decided([("m@v1.0.0", "a")]) == ([(Move.PROMOTE, "staging", "v1.0.0")], [])
    assert decided(V1) == ([], [])


def test_newest_is_by_place_on_main_and_not_by_number_or_date():
    tags = [("m@v2.0.0", "c"), ("m@v3.0.0", "elsewhere"), ("m@v1.9.0", "d"), ("m@v4.0.0-rc.1", "e")]
    assert decided(tags) == ([(Move.PROMOTE, "staging", "v1.9.0")], [])


def test_a_line_in_the_file_wins_over_what_is_followed():
    assert decided(V2, desired(m="v1.0.0"), desired(m="v1.0.0")) == (
        [(Move.ROLL_BACK, "staging", "v1.0.0")],
        [],
    )


def test_a_version_must_have_been_in_the_needed_environment():
    tags = [("m@v1.0.0", "a"), ("m@v2.0.0", "b"), ("m#staging#1", "b")]
    assert decided(tags, desired(m="v2.0.0")) == ([(Move.PROMOTE, "prod", "v2.0.0")], [])
    assert decided(tags, desired(m="v1.0.0")) == ([], ["environment-needs"])


def test_what_was_just_decided_counts_unless_it_must_be_deployed_first():
    tags = [("m@v1.0.0", "a")]
    both = [(Move.PROMOTE, "staging", "v1.0.0"), (Move.PROMOTE, "prod", "v1.0.0")]
    assert decided(tags, desired(m="v1.0.0")) == (both, [])
    slow = Environment(name="staging", follows="new", deploy="make")
    assert decided(tags, desired(m="v1.0.0"), environments=(slow, PROD)) == (both[:1], ["environment-needs"])
    assert decided(V1, desired(m="v1.0.0"), environments=(slow, PROD)) == ([], ["environment-needs"])
    done = decided(V1, desired(m="v1.0.0"), environments=(slow, PROD), deployed={"m#staging#1"})
    assert done == (both[1:], [])


def test_rolling_back_is_never_blocked():
    tags = [("m@v1.0.0", "a"), ("m#prod#1", "a"), ("m@v2.0.0", "b"), ("m#staging#2", "b"), ("m#prod#3", "b")]
    assert decided(tags, desired(m="v1.0.0")) == ([(Move.ROLL_BACK, "prod", "v1.0.0")], [])


def test_a_removed_line_empties_the_place_down_to_the_ground():
    tags = [*V2, ("m#prod#4", "b")]
    moves, refusals = decided(tags, prune=True)
    assert refusals == []
    assert moves == [(Move.REMOVE, "prod", "v2.0.0"), (Move.REMOVE, "prod", "v1.0.0")]


@pytest.mark.parametrize("file", [ABSENT, Desired()])
def test_a_file_that_is_gone_or_empty_clears_nothing_by_itself(file):
    assert decided(V2, file) == ([], ["environment-emptied"])


def test_a_withdrawn_or_unknown_version_is_refused_and_others_go_on():
    assert decided([*V2, ("m@v2.0.0!", "b")], desired(m="v2.0.0"))[1] == ["version-withdrawn"]
    moves, refusals = decided(V2[:-1], desired(m="v9.0.0"))
    assert (moves, refusals) == ([(Move.PROMOTE, "staging", "v2.0.0")], ["version-unknown"])


def test_a_tag_made_by_hand_is_drift():
    assert decided([*V2, ("m#prod#9", "b")], desired(m="v1.0.0")) == (
        [(Move.ROLL_BACK, "prod", "v1.0.0")],
        [],
    )


def test_an_environment_can_follow_another():
    canary = Environment(name="canary", follows="prod")
    tags = [*V2, ("m#canary#4", "b")]
    moves, _ = decided(tags, desired(m="v2.0.0"), environments=(canary, STAGING, PROD))
    assert moves == [(Move.PROMOTE, "prod", "v2.0.0")]


def test_a_file_is_read_with_every_problem_named():
    assert read(None, name="environments/prod.yaml", models={"m"}) is ABSENT
    assert read(b"# nothing yet\n", name="environments/prod.yaml", models={"m"}).empty
    assert read(b"m: v1.2.0\n", name="environments/prod.yaml", models={"m"}) == desired(m="v1.2.0")
    with pytest.raises(ConfigError) as caught:
        read(b"m: 1.2\nn: v1.0.0\n", name="environments/prod.yaml", models={"m"})
    assert len(caught.value.problems) == 2
    with pytest.raises(ConfigError):
        read(b"m: [v1.0.0", name="environments/prod.yaml", models={"m"})


EVENTS = st.lists(
    st.tuples(st.sampled_from(["register", "deregister", "staging", "prod"]), st.sampled_from(LINE)),
    max_size=12,
)


@given(EVENTS, st.sampled_from([None, "a", "b", "c"]))
def test_once_done_there_is_nothing_left_to_do(events, wish):
    tags = []
    for number, (what, commit) in enumerate(events, 1):
        version = f"v{LINE.index(commit)}.0.0"
        name = {"register": f"m@{version}#{number}", "deregister": f"m@{version}!#{number}"}
        tags.append(tag(name.get(what, f"m#{what}#{number}"), commit, number))
    files = {"prod": desired(m=f"v{LINE.index(wish)}.0.0") if wish else ABSENT, "staging": ABSENT}
    for _ in range(2):
        registry = fold(tags)
        situation = Situation(
            environments={"staging": STAGING, "prod": PROD},
            models={"m": "m"},
            desired=files,
            registry=registry,
            line=LINE,
        )
        changes = decide(situation, prune=True).changes
        for change in changes:
            number = len(tags) + 1
            cancel = "!" if change.move is Move.REMOVE else ""
            tags.append(tag(f"m#{change.environment}{cancel}#{number}", change.release.commit, number))
    assert changes == ()
