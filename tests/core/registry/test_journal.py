import json

from hypothesis import given
from hypothesis import strategies as st

from mlci.core.registry import journal
from mlci.core.registry.journal import Counters, Entry, Kind
from mlci.core.registry.version import Version
from tests.support.tags import history

ENTRY = Entry(
    kind=Kind.REGISTER, model="a:m", version="v1.0.0", commit="c" * 40, when="2026-01-01T00:00:00+00:00"
)


def test_an_event_is_written_and_read_back():
    assert journal.read_entry(journal.entry_json(ENTRY)) == ENTRY
    deploy = Entry(
        kind=Kind.DEPLOY,
        model="m",
        version="v1.0.0",
        commit="c",
        when="now",
        tag="m#prod#1",
        details={"ok": True},
    )
    assert journal.read_entry(journal.entry_json(deploy)) == deploy
    assert journal.deployed([deploy, ENTRY]) == {"m#prod#1"}


@given(st.binary(max_size=60) | st.recursive(st.none() | st.text(), st.lists).map(json.dumps).map(str.encode))
def test_what_is_no_document_is_none(content):
    assert journal.read_entry(content) is None
    assert journal.read_counters(content) is None


def test_one_event_adds_its_file_its_evidence_and_the_marks():
    files, after = journal.event_files("credit", Counters(), ENTRY, evidence={"data": b"{}"})
    assert sorted(files) == ["counters.json", "credit/m/v1.0.0/evidence/data.json", "events/1.json"]
    assert journal.read_counters(files["counters.json"]) == after
    assert after.highest["a:m"] == Version(major=1, minor=0, patch=0)


def test_marks_never_fall():
    counters = Counters(events=9, counter={"m": 40}, highest={"m": Version(major=3, minor=0, patch=0)})
    raised = counters.raised(history(("m@v1.0.0", "a"), ("m#prod#7", "a"), ("n#prod#2", "a")))
    assert (raised.counter, raised.highest["m"].major) == ({"m": 40, "n": 2}, 3)


def test_a_lost_journal_comes_back_from_the_tags():
    registry = history(("m@v1.0.0", "a"), ("m#prod#1", "a"), ("n@v1.0.0", "b"), ("m#prod!#2", "a"))
    files, counters = journal.rebuilt(registry)
    entries = [journal.read_entry(files[f"events/{number}.json"]) for number in range(1, 5)]
    assert [(each.kind, each.model) for each in entries] == [
        (Kind.REGISTER, "m"),
        (Kind.ASSIGN, "m"),
        (Kind.REGISTER, "n"),
        (Kind.UNASSIGN, "m"),
    ]
    assert counters.events == 4
    assert journal.read_counters(files["counters.json"]) == counters


def test_a_bundles_digest_knows_names_and_bytes():
    digests = {
        journal.bundle_digest(each)
        for each in ({}, {"data": b"x"}, {"data": b"y"}, {"bias": b"x"}, {"data": b"x", "bias": b"x"})
    }
    assert len(digests) == 5
    assert journal.bundle_digest({"a": b"1", "b": b"2"}) == journal.bundle_digest({"b": b"2", "a": b"1"})
