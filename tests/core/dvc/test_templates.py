"""Where templates stand in a text, and what an entry stands for as far as the file itself tells."""

import re

from hypothesis import given
from hypothesis import strategies as st

from mlci.core.dvc.files import read_pipeline
from mlci.core.dvc.templates import has_template, templates

DVC = re.compile(r"(?<!\\)\$\{(.*?)\}")  # DVC's own, which looks at a line again from each `${`
ENDLESS = "${" * 500_000


@given(st.text(alphabet="${}\\\n\r a", max_size=40))
def test_templates_stand_where_dvc_finds_them(text: str) -> None:
    found = [(each[0], each[1], each.span()) for each in templates(text)]
    assert found == [(each[0], each[1], each.span()) for each in DVC.finditer(text)]
    assert has_template(text) is bool(found)


def test_no_text_makes_anybody_look_at_it_again_and_again() -> None:
    assert not has_template(ENDLESS)
    assert [each[1] for each in templates(f"{ENDLESS}\n${{a}}")] == ["a"]
    assert [each[1] for each in templates(f"{ENDLESS}}}")] == [ENDLESS[2:]]
    stage = read_pipeline(f"stages: {{a: {{cmd: '{ENDLESS}'}}}}".encode()).stages["a"]
    assert (stage.templated, stage.command) == (False, (ENDLESS,))
