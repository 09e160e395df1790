"""Posting through the program `cml`: a stand-in on PATH records how it was called."""

import json
import os
import sys
from pathlib import Path

import pytest

from mlci.adapters.process import ProcessRunner
from mlci.errors import Exit, ForgeError
from mlci.forges.cml import Cml
from tests.support.fakes import FakeForge

TOKEN = "secret-of-the-bot-0123456789"
STAND_IN = f"""#!{sys.executable}
import json, os, sys
told = {{"argv": sys.argv[1:], "report": open(sys.argv[-1]).read(), "environment": dict(os.environ)}}
json.dump(told, open("called.json", "w"))
print("https://forge.example/comment/1")
print(os.environ["REPO_TOKEN"], "is not a token I like", file=sys.stderr)
sys.exit(int(os.environ["ENDS_WITH"]))
"""


@pytest.fixture
def cml(tmp_path):
    def made(code=0):
        program = tmp_path / "bin/cml"
        program.parent.mkdir(exist_ok=True)
        program.write_text(STAND_IN)
        program.chmod(0o755)
        path = os.pathsep.join((str(program.parent), os.environ["PATH"]))
        process = ProcessRunner({"PATH": path, "ENDS_WITH": str(code)}, secrets=[TOKEN])
        native = FakeForge(None, comment_limit=60_000)
        return Cml(native=native, process=process, directory=tmp_path, credentials={"REPO_TOKEN": TOKEN})

    return made


def test_cml_is_called_with_the_report_and_says_nothing_home(cml, tmp_path):
    posted = cml().upsert_comment(7, "report:credit", "## report\n", head="a" * 40)
    told = json.loads((tmp_path / "called.json").read_text())
    assert posted.url == "https://forge.example/comment/1"
    assert told["argv"][:-1] == [
        *("comment", "update", "--target=pr/7", f"--commit-sha={'a' * 40}"),
        *("--watermark-title=mlci report:credit", "--publish=false"),
    ]
    assert told["report"] == "## report\n"
    assert (told["environment"]["REPO_TOKEN"], told["environment"]["ITERATIVE_DO_NOT_TRACK"]) == (TOKEN, "1")
    assert not Path(told["argv"][-1]).exists()


def test_what_cml_complains_of_is_told_without_the_token(cml):
    with pytest.raises(ForgeError, match="is not a token I like") as told:
        cml(code=1).upsert_comment(7, "k", "x", head="a" * 40)
    assert told.value.exit_code == Exit.FORGE
    assert TOKEN not in told.value.message
    assert "comment: native" in told.value.help


def test_the_rest_is_the_native_forges(cml):
    made = cml()
    assert (made.comment_limit, made.pull_request_of("a" * 40)) == (60_000, None)
