"""Answers are refused before anything is made of them."""

import pytest

from mlci.core.config.shapes import NAME, SLUG
from mlci.errors import UsageError
from mlci.scaffold.answers import Answers, name_from


def answers(**changed):
    return Answers(**{"name": "credit", "model": "income", **changed})


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("name", ""),
        ("name", "Credit"),
        ("name", "1st"),
        ("name", "../up"),
        ("name", "a b"),
        ("name", "-rf"),
        ("name", "credit\n"),
        ("name", "crédit"),
        ("name", "a" * 65),
        ("name", "[[ 7 * 7 ]]"),
        ("name", "true"),
        ("model", "null"),
        ("model", "a/b"),
        ("model", "m@v1"),
        ("branch", "-x"),
        ("branch", "a..b"),
        ("branch", 'a";touch${IFS}PWN;"'),
        ("branch", "x.lock"),
        ("branch", "main|x"),
        ("python", "a\nb: c"),
        ("python", ""),
        ("python", "\x1b[31m"),
    ],
)
def test_what_generated_files_could_not_carry_is_refused(question, answer):
    with pytest.raises(UsageError) as refused:
        answers(**{question: answer})
    assert (refused.value.id, refused.value.where) == ("answer-refused", f"--{question}")


def test_an_unknown_provider_is_refused():
    with pytest.raises(UsageError, match="jenkins"):
        answers(providers=("github", "jenkins"))


@pytest.mark.parametrize(
    ("name", "package"),
    [
        ("credit", "credit"),
        ("credit-risk", "credit_risk"),
        ("class", "class_model"),
        ("json", "json_model"),
        ("polars", "polars_model"),
        ("tests", "tests_model"),
    ],
)
def test_the_package_hides_no_other(name, package):
    assert answers(name=name).package == package


@pytest.mark.parametrize(
    ("directory", "name"),
    [
        ("credit", "credit"),
        ("Credit Risk 2", "credit-risk-2"),
        ("2nd-try_", "nd-try"),
        ("___", "project"),
        ("项目", "project"),
        ("", "project"),
        ("2024", "project-2024"),
        ("Übung 3", "bung-3"),
        ("true", "project-true"),
        ("x" * 200, "x" * 64),
        ("1" * 200, "project-" + "1" * 56),
    ],
)
def test_a_directory_proposes_a_name(directory, name):
    assert name_from(directory) == name
    assert answers(name=name)


def test_what_init_takes_the_configuration_takes_too():
    import re

    for name in ("credit", "credit-risk", "a", "a_1", "x" * 64):
        assert re.fullmatch(SLUG.pattern, answers(name=name).name)
        assert re.fullmatch(NAME.pattern, answers(model=name).model)
