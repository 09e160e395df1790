"""Each example is what its template makes, byte for byte."""

import pytest

from tests.golden.examples import EXAMPLES, generate, standing


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_is_what_its_template_makes(name):
    assert generate(EXAMPLES[name]) == standing(name), "type `make golden` and read the difference"
