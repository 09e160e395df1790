"""What stands below a name, by one rule wherever it is asked."""

import pytest

from mlci.core.dvc.lookup import ABSENT, below, value_at

VALUES = {"a": {"b": [10, {"c": None}]}, "1": "one", "a.b": "no way here"}


@pytest.mark.parametrize(
    ("key", "found"),
    [
        ("a.b.0", 10), ("a.b.1.c", None), ("1", "one"), ("", ABSENT), ("a.x", ABSENT), ("a.b.2", ABSENT),
        ("a.b.-1", ABSENT), ("a.b.0.x", ABSENT), ("a.b.x", ABSENT), (f"a.b.{'9' * 5_000}", ABSENT),
        ("a.b.\u0661", ABSENT),
    ],
)  # fmt: skip
def test_a_name_leads_through_mappings_and_lists(key, found):
    assert value_at(VALUES, key.split(".")) == found


@pytest.mark.parametrize(("part", "found"), [("-1", 2), ("+0", 1), ("-2", 1), ("-3", ABSENT), ("2", ABSENT)])
def test_a_signed_place_counts_from_the_end(part, found):
    assert below([1, 2], part, signed=True) == found


def test_no_names_are_the_whole():
    assert value_at(VALUES, []) is VALUES
