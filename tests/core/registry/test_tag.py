import subprocess

import pytest
from gto.constants import tag_re
from hypothesis import given
from hypothesis import strategies as st

from mlci.core.registry import tag
from mlci.core.registry.tag import Action, TagName, full_name, is_model, is_stage
from mlci.core.registry.version import Version

ONE = Version(major=1, minor=2, patch=3)
NAMES = [
    ("m@v1.2.3", TagName(model="m", action=Action.REGISTER, version=ONE)),
    ("m@v1.2.3#7", TagName(model="m", action=Action.REGISTER, version=ONE, counter=7)),
    ("m@v1.2.3!", TagName(model="m", action=Action.DEREGISTER, version=ONE)),
    ("m@v1.2.3!#7", TagName(model="m", action=Action.DEREGISTER, version=ONE, counter=7)),
    ("m#prod#2", TagName(model="m", action=Action.ASSIGN, stage="prod", counter=2)),
    ("m#prod", TagName(model="m", action=Action.ASSIGN, stage="prod")),
    ("m#prod!#2", TagName(model="m", action=Action.UNASSIGN, stage="prod", counter=2)),
    ("m@deprecated", TagName(model="m", action=Action.DEPRECATE)),
    ("m@created#1", TagName(model="m", action=Action.CREATE, counter=1)),
    (
        "services/churn=m#prod#2",
        TagName(model="services/churn:m", action=Action.ASSIGN, stage="prod", counter=2),
    ),
]


@pytest.mark.parametrize(("text", "name"), NAMES)
def test_a_name_is_read_and_written(text, name):
    assert tag.parse(text) == name
    assert str(name) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "v1.0.0",
        "m",
        "m@1.0.0",
        "m@v1.0",
        "m@v1.0.0\n",
        "m#prod#",
        "m#prod!!",
        "a..b=m#x",
        "m@v1.0.0-a.lock",
    ],
)
def test_what_is_no_registry_tag_is_none(text):
    assert tag.parse(text) is None


PIECES = """m a/b = : @ v1.0.0 v1.2.3-rc.1+x # prod ! 3 deprecated created - _ / . .. .lock @{ ~ é 0 -x"""
pieces = st.sampled_from(PIECES.split())


@given(st.one_of(st.lists(pieces, max_size=8).map("".join), st.text(alphabet="am1=@#!v./-_+", max_size=14)))
def test_accepted_exactly_when_gto_and_git_both_say_yes(name):
    assert (tag.parse(name) is not None) == (bool(tag_re.search(name)) and _git_takes(name))


@given(st.from_regex(tag_re.pattern.removesuffix("$") + r"\Z", alphabet=st.characters(max_codepoint=127)))
def test_what_gto_takes_is_taken_if_git_does_and_round_trips(name):
    read = tag.parse(name)
    assert (read is not None) == _git_takes(name)
    if read is not None and "#0" not in name:
        assert str(read) == name


def _git_takes(name):
    if "\0" in name or "\n" in name:
        return False
    return subprocess.run(["git", "check-ref-format", f"refs/tags/{name}"], check=False).returncode == 0


def test_names_of_models_and_environments():
    assert full_name("", "income") == "income"
    assert full_name("services/churn", "income") == "services/churn:income"
    assert is_model("services/churn:income")
    assert not is_model("../x:income")
    assert not is_model("income ")
    assert is_stage("eu/prod")
    assert not is_stage("eu//prod")
    assert not is_stage("prod;rm")
