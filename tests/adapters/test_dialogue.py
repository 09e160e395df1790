"""A child that is asked: its answers, its silence and its end."""

import gc
import os
import sys
import time
from pathlib import Path

import pytest

from mlci.adapters.process import ProcessRunner
from mlci.errors import WorldError
from mlci.ports.process import Command

ECHO = "import sys\nfor line in sys.stdin: print(len(line) - 1, flush=True); print(line, end='', flush=True)"


def talk(code, *, timeout=30.0):
    command = Command(argv=(sys.executable, "-c", code), cwd=Path.cwd(), timeout=timeout)
    return ProcessRunner({"PATH": os.environ["PATH"]}, grace=2.0).converse(command)


def lives(pid):
    return Path("/proc", str(pid), "exe").exists()


def ended(pid):
    until = time.monotonic() + 20
    while lives(pid) and time.monotonic() < until:
        time.sleep(0.01)
    return not lives(pid)


def test_many_questions_and_one_child():
    child = talk(ECHO)
    for text in (b"one", b"", b"x" * 1_000_000):
        child.say(text + b"\n")
        assert int(child.line()) == len(text)
        assert child.take(len(text) + 1) == text + b"\n"
    assert child.open
    child.end()
    assert not child.open


def test_what_a_dying_child_said_stands_in_the_error():
    child = talk("import sys; sys.exit('no such luck')")
    with pytest.raises(WorldError, match="no such luck") as caught:
        child.line()
    assert caught.value.id == "program-silent"
    with pytest.raises(WorldError):
        child.say(b"still there?\n")


def test_what_a_child_said_that_died_before_it_was_asked_stands_in_the_error():
    child = talk("import sys; sys.exit('no such luck')")
    child._code(30.0)
    with pytest.raises(WorldError, match="no such luck"):
        child.say(b"still there?\n"), child.line()


def test_of_what_a_child_murmurs_an_error_tells_what_came_after_the_question():
    child = talk(
        "import sys; print('beware', file=sys.stderr, flush=True); print(1, flush=True); input();"
        "print('and then', file=sys.stderr, flush=True)"
    )
    assert child.line() == b"1\n"
    child.say(b"go on\n")
    with pytest.raises(WorldError) as caught:
        child.line()
    assert "and then" in caught.value.message
    assert "beware" not in caught.value.message


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks for the child in /proc")
def test_a_child_that_stopped_listening_is_ended():
    child = talk("import os, time; os.close(0); print(os.getpid(), flush=True); os.close(1); time.sleep(600)")
    pid = int(child.line())
    with pytest.raises(WorldError):
        child.say(b"x" * 1_000)
    assert ended(pid)


def test_the_wait_for_an_answer_is_bounded():
    child = talk("import time; time.sleep(600)", timeout=0.2)
    with pytest.raises(WorldError, match=r"no answer in 0\.2 s"):
        child.line()
    assert not child.open


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks for the child in /proc")
def test_a_forgotten_child_ends():
    child = talk("import os, time; print(os.getpid(), flush=True); time.sleep(600)")
    pid = int(child.line())
    assert lives(pid)
    del child
    gc.collect()
    assert ended(pid)


def test_all_it_says_unasked_is_heard():
    child = talk("import sys; sys.stdout.write('x' * 300_000)")
    assert b"".join(child.rest()) == b"x" * 300_000
    assert not child.open


def test_half_an_answer_of_one_that_ends_badly_counts_for_nothing():
    child = talk("import sys; print('half', flush=True); sys.exit('lost: an object')")
    with pytest.raises(WorldError, match="lost: an object"):
        list(child.rest())


ENDLESS = {
    "silent": "import os, time; os.close(1); time.sleep(600)",
    "dripping": "import time\nfor _ in range(100): print('x', flush=True); time.sleep(0.05)",
}


@pytest.mark.parametrize("code", ENDLESS.values(), ids=ENDLESS)
def test_one_that_never_comes_to_an_end_is_ended(code):
    child = talk(code, timeout=0.5)
    with pytest.raises(WorldError, match=r"no answer in 0\.5 s") as caught:
        list(child.rest())
    assert caught.value.id == "program-silent"
    assert not child.open


def test_one_that_says_too_much_is_ended(monkeypatch):
    monkeypatch.setattr("mlci.adapters.dialogue._MOST", 1024**2)
    child = talk("import sys\nwhile True: sys.stdout.write('x' * 100_000)")
    with pytest.raises(WorldError, match="more than 1 MiB"):
        list(child.rest())
    assert not child.open
