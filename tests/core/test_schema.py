"""Shapes read what they say, fall back to their default otherwise, and tell every problem."""

from enum import StrEnum
from typing import Any

import pytest
from msgspec import Struct

from mlci.core.schema import (
    Among,
    Choice,
    Duration,
    Flag,
    Integer,
    Listing,
    Named,
    Number,
    OneOf,
    Problems,
    Schema,
    Share,
    Table,
    Text,
    default_of,
    optional,
    required,
)
from mlci.core.yaml.tree import parse


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


class Options(Struct, frozen=True, kw_only=True):
    sensitive: tuple[str, ...]
    at_most: float = 0.1
    warmup: float = 5.0
    colour: Colour = Colour.RED


OPTIONS = Table(
    Options,
    required("sensitive", Listing(Text(), at_least=1), "Columns that name protected groups."),
    optional("at_most", Number(minimum=0), "The largest difference that passes."),
    optional("warmup", Duration(), "How long to wait before measuring."),
    optional("colour", Choice(Colour), "Which one."),
)


def read(shape: Schema[Any], text: str) -> tuple[object, list[str]]:
    problems = Problems()
    value = shape.read(parse(text.encode(), name="x"), problems)
    return value, [f"{each.message} [{each.id}]" for each in problems.found]


@pytest.mark.parametrize(
    ("shape", "text", "value"),
    [
        (Text(), "abc", "abc"),
        (Text(lines=True), "|\n  a\n  b\n", "a\nb\n"),
        (Number(), "3", 3.0),
        (Number(minimum=0, maximum=1), "1", 1.0),
        (Integer(), "3", 3),
        (Integer(), "3.0", 3),
        (Flag(), "true", True),
        (Choice(Colour), "blue", Colour.BLUE),
        (Among(lambda: ("a", "b")), "b", "b"),
        (Duration(), "100ms", 0.1),
        (Duration(), "1.5h", 5400.0),
        (Share(), "0.1%", 0.001),
        (Share(), "0.25", 0.25),
        (Share(), "100%", 1.0),
        (Listing(Integer()), "[1, 2]", (1, 2)),
        (Named(Integer()), "{a: 1}", {"a": 1}),
        (Named(Integer()), "", {}),
        (OneOf[Any]("a or b", (Integer(), Text())), "x", "x"),
        (OPTIONS, "{sensitive: [sex]}", Options(sensitive=("sex",))),
        (OPTIONS, "{sensitive: [sex], warmup: 1m}", Options(sensitive=("sex",), warmup=60.0)),
    ],
)
def test_what_fits_is_read(shape: Schema[Any], text: str, value: object) -> None:
    assert read(shape, text) == (value, [])


@pytest.mark.parametrize(
    ("shape", "text", "value", "said"),
    [
        (Text(), "3", "", "expected text, found the number 3 [wrong-type]"),
        (Text(), "' '", "", "expected text, found the empty text [value-empty]"),
        (Text(), '"a\\nb"', "", "text must stand on one line [value-invalid]"),
        (Text(pattern="^a$", means="an a"), "b", "", "expected an a, found 'b' [value-invalid]"),
        (Text(pattern="^a$", means="an a"), '"a\\n"', "", "an a must stand on one line [value-invalid]"),
        (Number(), "true", 0.0, "expected a number, found the truth value true [wrong-type]"),
        (Number(), ".nan", 0.0, "expected a number, found the number .nan [wrong-type]"),
        (Number(), "1e999", 0.0, "expected a number, found the number 1e999 [wrong-type]"),
        (Number(minimum=1), "0", 1.0, "must be at least 1, found 0 [value-out-of-range]"),
        (Number(maximum=1), "2", 0.0, "must be at most 1, found 2 [value-out-of-range]"),
        (Integer(), "1.5", 0, "expected a whole number, found the number 1.5 [wrong-type]"),
        (Flag(), "[]", False, "expected true or false, found a list [wrong-type]"),
        (Choice(Colour), "bleu", Colour.RED, "'bleu' is not known here [value-unknown]"),
        (Choice(Colour), "", Colour.RED, "expected one of red, blue, found nothing [wrong-type]"),
        (Duration(), "15", 0.0, "expected a duration such as 15s, found the number 15 [wrong-type]"),
        (Duration(minimum=1), "1ms", 1.0, "must be at least 1 s, found 0.001 s [value-out-of-range]"),
        (Share(), "5", 0.0, "a share lies between 0 and 1 (100%), found 5 [value-out-of-range]"),
        (Share(), "x%", 0.0, "expected a share such as 0.1% or 0.001, found the text 'x%' [wrong-type]"),
        (Listing(Text()), "a", (), "expected a list, found the text 'a' [wrong-type]"),
        (Listing(Text(), at_least=1), "[]", (), "at least 1 needed, found 0 [list-too-short]"),
        (Listing(Text(), distinct=True), "[a, a]", ("a", "a"), "[1]: 'a' stands twice [value-repeated]"),
        (OneOf[Any]("a or b", (Flag(), Text())), "3", "", "expected a or b, found the number 3 [wrong-type]"),
    ],
)
def test_what_does_not_fit_is_told_and_a_default_taken(
    shape: Schema[Any], text: str, value: object, said: str
) -> None:
    assert read(shape, text) == (value, [said])


def test_every_problem_is_told_at_once() -> None:
    value, said = read(OPTIONS, "{at_mots: 1, at_most: -1, warmup: 5, colour: green}")
    assert value == Options(sensitive=(), at_most=0.0, warmup=0.0, colour=Colour.RED)
    assert [each.rsplit("[", 1)[1] for each in said] == [
        "value-out-of-range]",
        "wrong-type]",
        "value-unknown]",
        "unknown-key]",
        "missing-key]",
    ]


def test_a_hostile_number_of_problems_is_cut() -> None:
    _, said = read(Listing(Text()), "[" + "1," * 5000 + "]")
    assert len(said) == 100


def test_defaults_and_descriptions_reach_the_json_schema() -> None:
    schema = OPTIONS.json_schema()
    assert isinstance(schema, dict)
    properties = schema["properties"]
    assert isinstance(properties, dict)
    assert properties["at_most"] == {
        "type": "number",
        "minimum": 0,
        "description": "The largest difference that passes.",
        "default": 0.1,
    }
    assert properties["colour"]["default"] == "red"
    assert "default" not in properties["warmup"]  # 5.0 is not how a duration is written
    assert schema["required"] == ["sensitive"]


def test_a_key_without_an_attribute_is_a_mistake_of_ours() -> None:
    with pytest.raises(TypeError, match="no attribute other"):
        Table(Options, optional("other", Text(), "Nothing."))


def test_a_default_exists_for_every_shape() -> None:
    assert default_of(OPTIONS) == Options(sensitive=())
