import pytest

from mlci.core.registry.fold import Odd, fold
from mlci.core.registry.version import Version
from tests.support.tags import START, history, tag


def prod(registry, model="m"):
    current = registry.model(model).current("prod")
    return current and current.release.title


def test_an_empty_repository_has_an_empty_registry():
    registry = fold([])
    assert registry.models == {}
    assert registry.model("m").latest is None
    assert registry.model("m").current("prod") is None
    assert registry.newest_before(START) is None


def test_the_latest_version_is_the_greatest_that_stands():
    model = history(("m@v1.2.0", "a"), ("m@v1.10.0", "b"), ("m@v2.0.0", "c"), ("m@v2.0.0!", "c")).model("m")
    assert model.latest.title == "v1.10.0"
    assert [each.title for each in model.versions] == ["v1.10.0", "v1.2.0"]
    assert model.highest == Version(major=2, minor=0, patch=0)


def test_the_newest_assignment_counts_and_unassigning_falls_back():
    events = [("m@v1.0.0", "a"), ("m@v2.0.0", "b"), ("m#prod#1", "a"), ("m#prod#2", "b"), ("m#prod!#3", "b")]
    assert prod(history(*events[:3])) == "v1.0.0"
    assert prod(history(*events[:4])) == "v2.0.0"
    assert prod(history(*events)) == "v1.0.0"


def test_withdrawing_a_version_takes_it_out_of_its_environments():
    assert prod(history(("m@v1.0.0", "a"), ("m#prod#1", "a"), ("m@v1.0.0!", "a"))) is None


def test_the_counter_decides_where_dates_disagree():
    registry = fold(
        [
            tag("m@v1.0.0", "a", 0),
            tag("m@v2.0.0", "b", 1),
            tag("m#prod#1", "a", 9),
            tag("m#prod#2", "b", 5),
        ]
    )
    assert prod(registry) == "v2.0.0"
    assert [each.kind for each in registry.oddities] == [Odd.OUT_OF_ORDER]


def test_assignments_of_one_second_stay_in_order():
    assignments = [tag(f"m#prod#{n}", "ab"[n % 2], 5) for n in range(1, 12)]
    registry = fold([tag("m@v1.0.0", "a"), tag("m@v2.0.0", "b"), *assignments])
    assert prod(registry) == "v2.0.0"


def test_deprecation_lasts_until_the_next_event():
    assert not history(("m@v1.0.0", "a"), ("m@deprecated", "a")).model("m").active
    assert history(("m@v1.0.0", "a"), ("m@deprecated", "a"), ("m@v1.1.0", "b")).model("m").active


def test_an_unregistered_commit_can_be_assigned_and_unassigned():
    assert prod(history(("m#prod#1", "a"))) == "a"
    assert prod(history(("m#prod#1", "a"), ("m#prod!#2", "a"))) is None


@pytest.mark.parametrize(
    ("odd", "kind"),
    [
        (tag("release-7"), Odd.FOREIGN),
        (tag("m@v9.0.0", annotated=False), Odd.LIGHTWEIGHT),
        (tag("m@created"), Odd.RESERVED),
        (tag("m@v9.0.0", commit=""), Odd.NO_COMMIT),
        (tag("m@v1.0.0#9", "b", 9), Odd.VERSION_TWICE),
        (tag("m@v7.0.0!", "a"), Odd.UNKNOWN_VERSION),
        (tag("m#dev#1", "a", 6), Odd.COUNTER_TWICE),
    ],
)
def test_an_odd_tag_is_reported_and_stops_nobody(odd, kind):
    registry = fold([tag("m@v1.0.0", "a", 5), tag("m#prod#1", "a", 6), odd, tag("n@v1.0.0", "c", 8)])
    assert [each.kind for each in registry.oddities] == [kind]
    assert prod(registry) == "v1.0.0"
    assert registry.model("n").latest.title == "v1.0.0"
    assert registry.model("m").latest.commit == "a"


def test_two_versions_on_one_commit_are_told_apart_by_what_the_tag_says():
    both = [tag("m@v1.0.0", "a", 0), tag("m@v2.0.0", "a", 1)]
    guessed = fold([*both, tag("m#prod#1", "a", 2)])
    assert (prod(guessed), [each.kind for each in guessed.oddities]) == ("v2.0.0", [Odd.TWO_ON_COMMIT])
    said = fold([*both, tag("m#prod#1", "a", 2, message="Assign\n\nVersion: v1.0.0\n")])
    assert (prod(said), said.oddities) == ("v1.0.0", ())


def test_models_of_a_monorepo_are_told_apart():
    registry = history(("a=m@v1.0.0", "a"), ("b=m@v2.0.0", "a"), ("a=m#prod#1", "a"))
    assert list(registry.models) == ["a:m", "b:m"]
    assert prod(registry, "a:m") == "v1.0.0"
    assert prod(registry, "b:m") is None


def test_five_thousand_tags_are_folded():
    tags = [tag(f"m{n % 20}@v1.{n}.0", str(n), n) for n in range(4000)]
    tags += [tag(f"m{n % 20}#prod#{n}", str(n), n) for n in range(1000)]
    registry = fold(tags)
    assert [model.current("prod").release.title for model in registry.models.values()]
