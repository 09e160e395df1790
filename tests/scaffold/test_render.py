"""Templates speak in square brackets, and know nothing but the answers."""

import ast

import pytest
from jinja2 import UndefinedError
from jinja2.exceptions import SecurityError

from mlci.adapters.templates import TemplateFolders
from mlci.core.yaml.tree import parse
from mlci.ports.templates import Template
from mlci.scaffold.answers import Answers
from mlci.scaffold.render import render

ODD_NAMES = ("credit", "a", "credit-risk", "class", "json", "polars", "nulls", "e1", "x" * 64)


def rendered(files, **answers):
    template = Template(id="t", title="t", files={path: text.encode() for path, text in files.items()})
    made = render(template, Answers(**{"name": "credit-risk", "model": "income", **answers}))
    return {path: content.decode() for path, content in made.items()}


def test_names_are_rendered_and_contents_where_the_name_says_so():
    assert rendered({"[[package]]/a.py.jinja": "[[ model ]]", "b": "[[ model ]]"}) == {
        "credit_risk/a.py": "income",
        "b": "[[ model ]]",
    }


def test_braces_mean_nothing():
    text = "${{ secrets.X }} {% if %} {# no #}\n"
    assert rendered({"a.jinja": text}) == {"a": text}


def test_an_unknown_word_is_an_error():
    with pytest.raises(UndefinedError):
        rendered({"a.jinja": "[[ nmae ]]"})


def test_a_template_cannot_reach_into_python():
    with pytest.raises(SecurityError):
        rendered({"a.jinja": "[[ name.__class__.__mro__ ]]"})


@pytest.mark.parametrize("template", TemplateFolders().ids())
@pytest.mark.parametrize("name", ODD_NAMES)
def test_every_template_makes_files_that_can_be_read(template, name):
    made = render(
        TemplateFolders().read(template),
        Answers(
            name=name, model=name, providers=("gitlab",), branch="release/1.x", python='C:\\py "3"\\python'
        ),
    )
    for path, content in made.items():
        assert not any(mark in path for mark in ("[", "]", ".jinja")), path
        assert content.endswith(b"\n") or not content, path
        if path.endswith(".py"):
            ast.parse(content)
        elif path.endswith(".yaml"):
            parse(content, name=path)
    config = parse(made["mlci.yaml"], name="mlci.yaml")
    assert config.find("project").value == name
    assert config.find("python").value == 'C:\\py "3"\\python'
    assert config.find("ci", "branch").value == "release/1.x"
