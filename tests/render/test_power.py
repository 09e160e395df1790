"""What `mlci power` says to somebody who is no statistician."""

from msgspec.structs import replace

from mlci.core.config import Direction
from mlci.core.measure.power import LeftOut, Power
from mlci.render.power import APART, NOTHING, margin_of, sentences

ACCURACY = Power(
    model="income",
    metric="accuracy",
    subject=None,
    rows=12_007,
    noticeable=0.0062,
    paired=True,
    share=True,
    margin=0.005,
    needed=18_260,
)
ERROR = replace(
    ACCURACY, metric="mae", noticeable=1.25, share=False, direction=Direction.LOWER, margin=2.0, needed=5_000
)


def told(*found: Power) -> str:
    return " ".join(sentences(found))


def test_the_first_line_says_what_the_number_means() -> None:
    assert told(ACCURACY) == (
        "With the 12,007 rows of income a true drop of 0.62 points (0.0062) or more in accuracy would be "
        "noticed 4 times out of 5; mlci.yaml accepts 0.005, and to notice no more than that takes about "
        "19,000 rows."
    )


def test_the_rows_are_said_once_and_an_error_rises() -> None:
    assert told(ACCURACY, ERROR).endswith(
        " Likewise a true rise of 1.250 or more in mae; mlci.yaml accepts 2, so these rows are enough."
    )
    other = replace(ERROR, model="churn", margin=None)
    assert told(ACCURACY, other).endswith(
        "With the 12,007 rows of churn a true rise of 1.250 or more in mae would be noticed 4 times out of 5."
    )


def test_what_no_two_models_tell_is_marked_and_what_they_tell_is_not() -> None:
    alone = told(replace(ACCURACY, paired=False))
    assert "0.62 points (≈ 0.0062)" in alone
    assert alone.endswith(APART)
    assert "≈" not in told(ACCURACY)
    part = replace(ACCURACY, subject="region=north", paired=False)
    some = told(ACCURACY, part)
    assert "a true drop of 0.62 points (0.0062)" in some
    assert "only from 0.62 points (≈ 0.0062) on" in some
    assert "bound" not in some
    assert "No other model was measured" not in some


def test_the_slice_that_notices_least_is_named() -> None:
    slices = [
        replace(ACCURACY, subject=f"region={name}", rows=rows, noticeable=noticeable)
        for name, rows, noticeable in (("north", 900, 0.02), ("south", 300, 0.045), ("west", 500, 0.03))
    ]
    assert told(ACCURACY, *slices).endswith(
        "In slices less is noticed: in region=south (300 rows) a drop in accuracy only from 4.5 points "
        "(0.0450) on."
    )


def test_what_is_left_out_is_said_once_with_why() -> None:
    few = "it rests on 12 positives, and a gate believes no fewer than 30"
    left_out = [
        LeftOut(model="income", metric="f1", subject=None, why=few),
        *(
            LeftOut(model="income", metric="mcc", subject=f"region={name}", why=few)
            for name in ("north", "south")
        ),
    ]
    said = " ".join(sentences([ACCURACY], left_out))
    assert f"Nothing can be said of f1 of income: {few}." in said
    assert said.endswith(f"Nothing can be said of mcc of income in region=north, region=south: {few}.")
    assert NOTHING not in " ".join(sentences([], left_out))


def test_nothing_to_say_is_said() -> None:
    assert told() == NOTHING


def test_the_lines_fit_and_a_name_is_inert() -> None:
    lines = sentences([replace(ACCURACY, model="a\x1b[31m" * 9)], width=60)
    assert max(map(len, lines)) <= 60
    assert all(line.isprintable() for line in lines)


def test_a_margin_is_said_as_the_file_says_it() -> None:
    one = replace(ACCURACY, margin=0.05 * 0.5788888888888889, of_base=0.05)
    assert "; mlci.yaml accepts 5% of base, 0.0289, so these rows are enough." in told(one)
    assert "; mlci.yaml accepts 7.25% of base, 0.0420, so" in told(
        replace(one, of_base=0.0725, margin=0.0725 * 0.57900001)
    )
    assert margin_of(one) == "0.0289"
    assert margin_of(replace(one, margin=12_345.678)) == "12,350"
    assert (margin_of(ACCURACY), margin_of(replace(ACCURACY, margin=None))) == ("0.005", "–")
