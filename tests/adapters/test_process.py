"""Children end with us, say no secrets, and cannot fill the memory."""

import base64
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import quote, quote_plus

import psutil
import pytest

from mlci.adapters.process import ProcessRunner
from mlci.errors import WorldError
from mlci.ports.process import Command, Finished

SECRET = "p4ss/w+rd: ünï&x?>~~>"


def python(cwd: Path, code: str, **more) -> Command:
    return Command(argv=(sys.executable, "-c", code), cwd=cwd, **more)


@pytest.fixture
def runner() -> ProcessRunner:
    return ProcessRunner(dict(os.environ), secrets=[SECRET], grace=2)


def test_gives_back_both_streams_and_the_code(runner, tmp_path):
    code = "import sys; print('out'); print('err', file=sys.stderr); sys.exit(7)"
    done = runner.run(python(tmp_path, code))
    assert (done.code, done.stdout.strip(), done.stderr.strip(), done.ok) == (7, b"out", b"err", False)


def test_feeds_stdin(runner, tmp_path):
    content = os.urandom(300_000)
    done = runner.run(
        python(tmp_path, "import sys; sys.stdout.buffer.write(sys.stdin.buffer.read())", stdin=content)
    )
    assert done.stdout == content


def test_a_child_that_reads_no_stdin_is_no_error(runner, tmp_path):
    assert runner.run(python(tmp_path, "pass", stdin=b"x" * 1_000_000)).ok


def test_stdin_is_empty_when_none_is_given(runner, tmp_path):
    assert runner.run(python(tmp_path, "import sys; assert sys.stdin.read() == ''")).ok


def test_says_lines_as_they_come(runner, tmp_path):
    lines: list[tuple[float, str]] = []
    code = "import time; print('één', flush=True); time.sleep(.3); print('two\\r'); print('last', end='')"
    runner.run(python(tmp_path, code), lambda line: lines.append((time.monotonic(), line)))
    assert [line for _, line in lines] == ["één", "two", "last"]
    assert lines[1][0] - lines[0][0] > 0.2


def test_what_a_listener_raises_reaches_the_caller(runner, tmp_path):
    def refuse(line: str) -> None:
        raise ValueError(line)

    with pytest.raises(ValueError, match="hello"):
        runner.run(python(tmp_path, "print('hello'); print('again')"), refuse)


def test_a_program_that_is_not_there_is_an_error_that_says_so(runner, tmp_path):
    with pytest.raises(WorldError) as caught:
        runner.run(Command(argv=("no-such-program-anywhere",), cwd=tmp_path))
    assert caught.value.id == "program-missing"
    assert "no-such-program-anywhere" in caught.value.help


@pytest.mark.parametrize(
    ("argv", "id"),
    [
        (("./plain",), "program-not-started"),
        ((sys.executable, "a\0b"), "program-not-started"),
        (("a\0b",), "program-missing"),
    ],
)
def test_what_cannot_start_is_an_error(runner, tmp_path, argv, id, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "plain").write_text("no program")
    with pytest.raises(WorldError) as caught:
        runner.run(Command(argv=argv, cwd=tmp_path))
    assert caught.value.id == id


def test_a_missing_directory_is_named(runner, tmp_path):
    with pytest.raises(WorldError) as caught:
        runner.run(python(tmp_path / "nowhere", "pass"))
    assert caught.value.id == "directory-missing"


def test_a_program_of_the_work_tree_is_never_found(tmp_path, monkeypatch):
    evil = tmp_path / "git"
    evil.write_text("#!/bin/sh\necho evil\n")
    evil.chmod(0o755)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(WorldError, match="no program 'git'"):
        ProcessRunner({"PATH": f".{os.pathsep}"}).run(Command(argv=("git",), cwd=tmp_path))


@pytest.mark.slow
def test_a_gigabyte_is_read_and_only_its_ends_are_kept(runner, tmp_path):
    code = "import os\nwrite = lambda b: os.write(1, b)\n"
    code += "write(b'first')\nfor _ in range(1024): write(b'x' * 2**20)\nwrite(b'last')"
    before = psutil.Process().memory_info().rss
    done = runner.run(python(tmp_path, code, keep=2**20))
    assert done.ok
    assert done.truncated
    assert len(done.stdout) < 2**20 + 100
    assert done.stdout.startswith(b"first")
    assert done.stdout.endswith(b"last")
    assert b"bytes left out" in done.stdout
    assert psutil.Process().memory_info().rss - before < 50 * 2**20


def test_a_line_without_an_end_comes_in_pieces(runner, tmp_path):
    lines: list[str] = []
    runner.run(python(tmp_path, "print('x' * 1_000_000)"), lines.append)
    assert sum(map(len, lines)) == 1_000_000
    assert max(map(len, lines)) <= 65536


@pytest.mark.parametrize(
    "form",
    [
        SECRET,
        quote(SECRET),
        quote(SECRET, safe=""),
        quote_plus(SECRET),
        re.sub("%..", lambda each: each.group().lower(), quote(SECRET, safe="")),
        base64.b64encode(SECRET.encode()).decode(),
        base64.urlsafe_b64encode(SECRET.encode()).decode(),
        *(
            base64.b64encode(f"{user}:{SECRET}".encode()).decode()
            for user in ("", "u", "me", "x-access-token")
        ),
        base64.b64encode(f"{SECRET}:".encode()).decode(),
    ],
)
def test_no_form_of_a_secret_comes_out(runner, tmp_path, form):
    lines: list[str] = []
    code = f"import sys\nfor s in (sys.stdout, sys.stderr): print('<', {form!r}, '>', file=s)"
    done = runner.run(python(tmp_path, code, environment={"PYTHONIOENCODING": "utf-8"}), lines.append)
    assert form not in done.stdout.decode() + done.stderr.decode() + "".join(lines) + " ".join(done.argv)
    assert b"***" in done.stdout
    assert b"***" in done.stderr
    assert form[4:-4] not in done.stdout.decode()


def test_a_secret_written_in_pieces_is_masked(tmp_path):
    runner = ProcessRunner(dict(os.environ), secrets=["sesame-open-1234"])
    code = "import os, time\nfor c in b'x sesame-open-1234 y': os.write(1, bytes([c])); time.sleep(.005)"
    assert runner.run(python(tmp_path, code)).stdout == b"x *** y"


def test_each_line_of_a_key_is_masked(tmp_path):
    key = "-----BEGIN KEY-----\nAAAABBBBCCCC\nDDDDEEEEFFFF\n"
    done = ProcessRunner(dict(os.environ), secrets=[key]).run(python(tmp_path, "print('DDDDEEEEFFFF')"))
    assert done.stdout.strip() == b"***"


def test_an_error_holds_no_secret(tmp_path):
    with pytest.raises(WorldError) as caught:
        ProcessRunner({}, secrets=["sesame-open-1234"]).run(Command(argv=("sesame-open-1234",), cwd=tmp_path))
    assert "sesame" not in caught.value.message + caught.value.help


def test_short_words_are_no_secrets(tmp_path):
    assert (
        ProcessRunner(dict(os.environ), secrets=["true", ""])
        .run(python(tmp_path, "print('true')"))
        .stdout.strip()
        == b"true"
    )


def test_variables_that_point_git_elsewhere_are_scrubbed(tmp_path):
    elsewhere = ("GIT_DIR", "GIT_INDEX_FILE", "GIT_EXTERNAL_DIFF", "GIT_TRACE", "GIT_CONFIG_PARAMETERS")
    own = ("GIT_AUTHOR_NAME", "GIT_CONFIG_COUNT", "GIT_SSH_COMMAND")
    given = {**os.environ, **dict.fromkeys((*elsewhere, *own), "0")}
    code = "import os; print(*sorted(k for k in os.environ if k.startswith('GIT_')))"
    seen = (
        ProcessRunner(given)
        .run(python(tmp_path, code, environment={"GIT_LATER": "1"}))
        .stdout.decode()
        .split()
    )
    assert {"GIT_AUTHOR_NAME", "GIT_CONFIG_COUNT", "GIT_SSH_COMMAND", "GIT_LATER"} <= set(seen)
    assert not {"GIT_DIR", "GIT_INDEX_FILE", "GIT_EXTERNAL_DIFF", "GIT_TRACE", "GIT_CONFIG_PARAMETERS"} & set(
        seen
    )


def gone(pid: int, within: float = 5) -> bool:
    until = time.monotonic() + within
    while time.monotonic() < until:
        if not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
            return True
        time.sleep(0.01)
    return False


def family(pids: Path, *, stubborn: bool = False) -> str:
    """A child with a grandchild, both of which write their pids and stay."""
    deaf = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN);" if stubborn else ""
    stay = f"import os, time; {deaf} open({str(pids)!r}, 'a').write(f'{{os.getpid()}}\\n'); "
    grandchild = stay + "time.sleep(60)"
    start = f"subprocess.Popen([sys.executable, '-c', {grandchild!r}])"
    return f"import subprocess, sys; {stay} {start}; time.sleep(60)"


def members(pids: Path, count: int = 2) -> list[int]:
    until = time.monotonic() + 10
    while time.monotonic() < until:
        if pids.exists() and len(found := pids.read_text().split()) == count:
            return [int(each) for each in found]
        time.sleep(0.01)
    raise AssertionError("the family did not start")


@pytest.mark.parametrize("stubborn", [False, True])
def test_a_time_limit_ends_the_whole_group(tmp_path, stubborn):
    runner = ProcessRunner(dict(os.environ), grace=0.3)
    done = runner.run(python(tmp_path, family(tmp_path / "pids", stubborn=stubborn), timeout=1.5))
    assert done.timed_out
    assert not done.ok
    assert all(gone(each) for each in members(tmp_path / "pids"))


def test_what_a_child_leaves_behind_is_ended(runner, tmp_path):
    code = "import os, subprocess, sys; c = subprocess.Popen(['sleep', '60']); print(c.pid)"
    done = runner.run(python(tmp_path, code))
    assert done.ok
    assert gone(int(done.stdout))


def test_serve_ends_the_group_when_the_block_fails(runner, tmp_path):
    def fail() -> None:
        with runner.serve(python(tmp_path, family(tmp_path / "pids"))) as server:
            assert server.code() is None
            assert members(tmp_path / "pids")[0] == server.pid
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert all(gone(each) for each in members(tmp_path / "pids"))


def test_serve_tells_what_was_said_and_how_it_ended(runner, tmp_path):
    with runner.serve(python(tmp_path, "import sys; print('up', flush=True); sys.exit(3)")) as server:
        until = time.monotonic() + 5
        while server.code() is None and time.monotonic() < until:
            time.sleep(0.01)
        assert server.code() == 3
    assert server.output().strip() == b"up"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("how", ["run", "serve"])
def test_an_interruption_ends_the_whole_group(tmp_path, number, how):
    pids, root = tmp_path / "pids", Path(__file__).parents[2]
    use = "runner.run(command)" if how == "run" else "with runner.serve(command): time.sleep(60)"
    code = f"""
import os, sys, time
from pathlib import Path
from mlci.adapters.process import ProcessRunner
from mlci.ports.process import Command
runner = ProcessRunner(dict(os.environ), grace=1)
command = Command(argv=(sys.executable, "-c", {family(pids)!r}), cwd=Path({str(tmp_path)!r}))
try:
    {use}
except KeyboardInterrupt:
    sys.exit(130)
"""
    us = subprocess.Popen([sys.executable, "-c", code], cwd=root)
    try:
        children = members(pids)
        us.send_signal(number)
        assert us.wait(10) == 130
    finally:
        us.kill()
        us.wait()
    assert all(gone(each) for each in children)


def test_the_last_lines_are_those_of_stderr_where_there_are_any():
    def ended(out: bytes, err: bytes) -> Finished:
        return Finished(argv=("x",), code=1, stdout=out, stderr=err, seconds=0)

    assert ended(b"out", b"a\nb\nc\n").last_lines(2) == "b\nc"
    assert ended(b"out\n", b"").last_lines() == "out"


def test_what_was_begun_goes_on_and_is_waited_for(runner, tmp_path):
    begun = runner.begin(python(tmp_path, "print('done', flush=True)"))
    assert runner.run(python(tmp_path, "print('other')")).stdout == b"other\n"
    done = begun()
    assert (done.stdout, done.code) == (b"done\n", 0)


def test_what_was_begun_and_says_much_is_read_when_it_is_waited_for(runner, tmp_path):
    begun = runner.begin(python(tmp_path, "print('x' * 1_000_000)"))
    assert len(begun().stdout) == 1_000_001


def test_what_was_begun_and_forgotten_is_ended(runner, tmp_path):
    before = {each.pid for each in psutil.Process().children()}
    begun = runner.begin(python(tmp_path, "import time; time.sleep(60)"))
    (child,) = [each for each in psutil.Process().children() if each.pid not in before]
    del begun
    assert not child.is_running() or child.status() == psutil.STATUS_ZOMBIE


def test_what_cannot_begin_is_an_error(runner, tmp_path):
    with pytest.raises(WorldError, match="no program"):
        runner.begin(Command(argv=("no-such-program",), cwd=tmp_path))


CLOSES = "import os, sys, time; os.close(1); os.close(2); time.sleep({}); os._exit(7)"


def test_a_child_that_says_no_more_and_goes_on_is_waited_for(runner, tmp_path):
    assert runner.run(python(tmp_path, CLOSES.format(0.3))).code == 7


def test_a_child_that_says_no_more_and_does_not_end_is_ended(runner, tmp_path):
    done = runner.run(python(tmp_path, CLOSES.format(60), timeout=0.5))
    assert done.timed_out
    assert done.seconds < 10
