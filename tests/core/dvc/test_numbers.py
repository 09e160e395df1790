"""Numbers as DVC reads them, held against DVC's own reader."""

import math

import pytest
from dvc.utils.serialize import parse_yaml

from mlci.core.diff.leaves import read_leaves
from mlci.core.dvc.numbers import number_in
from mlci.core.dvc.params import read_params

WRITTEN = [
    *(
        "1_000",
        "1__0",
        "1_",
        "_1",
        "0_1",
        "+1_0",
        "-1_0",
        "1_0.5",
        "1_0.5_0",
        "1_e3",
        "1_0e-2",
        "._5",
        ".5_0",
    ),
    *("012", "-012", "00", "089", "012.5", "0o17", "0o8", "0o1_7", "0x1_F", "0xg", "0b11", "0b1_1", "0b12"),
    *("1", "-0", "1.5", "1e3", ".5", "1.", ".inf", "1_000_000", "1,000", "1_000 rows", "v1_0", "__"),
]


@pytest.mark.parametrize("text", WRITTEN)
def test_a_number_is_what_dvc_takes_it_for(text: str) -> None:
    content = f"a: {text}\n"
    theirs = parse_yaml(content, "params.yaml")["a"]
    ours = read_params(content.encode(), "params.yaml")["a"]
    assert (ours, type(ours)) == (theirs, type(theirs)) or (ours == theirs and math.isinf(theirs))


def test_what_is_quoted_is_text() -> None:
    assert read_params(b"a: '1_000'\nb: \"012\"\n", "params.yaml") == {"a": "1_000", "b": "012"}


def test_a_number_without_end_stays_text() -> None:
    text = "1_" + "0" * 2_000
    assert number_in(text) == text


def test_a_diff_of_parameters_reads_them_alike() -> None:
    read = [dict(read_leaves(f"a: {text}\n".encode(), "params.yaml")) for text in ("1_000", "1000")]
    assert read[0] == read[1]
