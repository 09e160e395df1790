"""What servers say to a push means one of four things."""

import pytest

from mlci.adapters.git_remote import push_result, unreachable, without_credentials
from mlci.ports.git import PushOutcome
from mlci.ports.process import Finished

FOLLOWS = "!\tx:refs/tags/y\t[rejected] (atomic push failed)"


def ended(out: str = "", err: str = "", *, code: int = 1, late: bool = False) -> Finished:
    return Finished(
        argv=("git",), code=code, stdout=out.encode(), stderr=err.encode(), seconds=0, timed_out=late
    )


@pytest.mark.parametrize(
    ("reason", "outcome"),
    [
        ("[rejected] (stale info)", PushOutcome.STALE),
        ("[rejected] (already exists)", PushOutcome.STALE),
        ("[remote rejected] (failed to update ref)", PushOutcome.STALE),
        ("[remote rejected] (cannot lock ref 'refs/x': is at 1 but expected 2)", PushOutcome.STALE),
        ("[remote rejected] (pre-receive hook declined)", PushOutcome.REFUSED),
        ("[remote rejected] (protected branch hook declined)", PushOutcome.REFUSED),
        ("[remote rejected] (push declined due to repository rule violations)", PushOutcome.REFUSED),
        ("[remote rejected] (shallow update not allowed)", PushOutcome.REFUSED),
    ],
)
def test_a_rejection_is_a_lost_race_or_a_rule(reason, outcome):
    out = f"To x\n!\tx:refs/tags/x\t{reason}\n{FOLLOWS}\n"
    result = push_result(ended(out, "error: failed to push some refs"))
    assert result.outcome is outcome
    assert reason in result.message


@pytest.mark.parametrize(
    ("err", "outcome"),
    [
        ("fatal: unable to access 'x': Could not resolve host: x", PushOutcome.UNREACHABLE),
        ("fatal: unable to access 'x': The requested URL returned error: 502", PushOutcome.UNREACHABLE),
        ("fatal: unable to access 'x': The requested URL returned error: 403", PushOutcome.REFUSED),
        ("remote: Permission to a/b denied to c.", PushOutcome.REFUSED),
        ("fatal: could not read Username for 'https://x': terminal prompts disabled", PushOutcome.REFUSED),
        ("fatal: the receiving end does not support --atomic push", PushOutcome.REFUSED),
    ],
)
def test_no_answer_is_the_network_or_a_right(err, outcome):
    assert push_result(ended(err=err)).outcome is outcome


def test_a_push_that_took_too_long_is_the_network():
    assert push_result(ended(err="remote: Permission denied", late=True)).outcome is PushOutcome.UNREACHABLE


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://u:p@h:8080/x?y", "https://h:8080/x?y"),
        ("ssh://git:p@h/x", "ssh://git@h/x"),
        ("git@h:x", "git@h:x"),
        ("/some/place", "/some/place"),
        ("https://t@[bad/x", "https://[bad/x"),
    ],
)
def test_an_address_is_shown_without_credentials(url, shown):
    assert without_credentials(url) == shown


@pytest.mark.parametrize(
    ("said", "id"),
    [
        ("error: cannot open '.git/FETCH_HEAD': Permission denied", "permission-denied"),
        (
            "error: cannot lock ref 'refs/x': Unable to create '/x/.git/y.lock': Permission denied",
            "permission-denied",
        ),
        ("git@github.com: Permission denied (publickey).", "remote-unreachable"),
    ],
)
def test_a_repository_that_cannot_be_written_is_no_matter_of_the_remote(said, id):
    done = Finished(argv=("git",), code=1, stdout=b"", stderr=said.encode(), seconds=0.0)
    assert unreachable("origin", done).id == id
