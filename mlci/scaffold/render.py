"""A template and answers in, files out."""

from collections.abc import Mapping

from jinja2 import StrictUndefined
from jinja2.sandbox import SandboxedEnvironment

from mlci.ports.templates import Template
from mlci.scaffold.answers import Answers

SUFFIX = ".jinja"


def render(template: Template, answers: Answers) -> Mapping[str, bytes]:
    """The project's files by path. Names are always rendered, contents where the name ends in `.jinja`."""
    known = {
        "name": answers.name,
        "package": answers.package,
        "model": answers.model,
        "providers": list(answers.providers),
        "branch": answers.branch,
        "python": answers.python,
    }
    made = {}
    for path, content in template.files.items():
        name = _rendered(path.removesuffix(SUFFIX), known)
        made[name] = _rendered(content.decode(), known).encode() if path.endswith(SUFFIX) else content
    return made


def _rendered(text: str, known: Mapping[str, object]) -> str:
    # `${{ }}` and f-strings stay what they are: templates speak in square brackets.
    environment = SandboxedEnvironment(
        variable_start_string="[[",
        variable_end_string="]]",
        block_start_string="[%",
        block_end_string="%]",
        comment_start_string="[#",
        comment_end_string="#]",
        undefined=StrictUndefined,
        trim_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # the files are no HTML, and the answers are checked words
    )
    return environment.from_string(text).render(known)
