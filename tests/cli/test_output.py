"""The answer and its form."""

import json

import pytest

from mlci.cli.output import Output, Tone, table


def test_a_table_fits_and_cuts_the_widest_column() -> None:
    text = table(("model", "message"), [("income", "x" * 200), ("churn", "short")], width=40)

    assert max(map(len, text.splitlines())) <= 40
    assert text.splitlines()[1].endswith("…")
    assert text.splitlines()[2] == "churn   short"


def test_a_cell_is_never_a_command_or_a_second_line() -> None:
    text = table(("a",), [("::error::x",), ("one\ntwo\x1b[31m",)])

    assert text.splitlines() == ["a", "| ::error::x", "one\\ntwo\\x1b[31m"]


def test_no_colour_means_no_escape(capsys: pytest.CaptureFixture[str]) -> None:
    Output(color=False).line("good", Tone.GOOD)
    Output(color=True).line("good", Tone.GOOD)

    plain, styled = capsys.readouterr().out.splitlines()
    assert plain == "good"
    assert styled.startswith("\x1b[32mgood")


def test_json_is_strict_and_says_the_same_where_a_log_would_obey(capsys: pytest.CaptureFixture[str]) -> None:
    Output(json=True).answer({"title": "##[group]x"}, "never printed")

    said = capsys.readouterr().out
    assert "##[" not in said
    assert json.loads(said) == {"schema": 1, "title": "##[group]x"}
    with pytest.raises(ValueError, match="Out of range"):
        Output(json=True).answer({"auc": float("nan")}, "")


def test_quiet_drops_notes_and_keeps_the_answer(capsys: pytest.CaptureFixture[str]) -> None:
    out = Output(quiet=True)
    out.note("by the way")
    out.line("answer")

    said = capsys.readouterr()
    assert (said.out, said.err) == ("answer\n", "")


def test_only_a_terminal_cuts_cells(capsys):
    row = ("x" * 200,)
    Output().table(("message",), [row])
    assert row[0] in capsys.readouterr().out
    Output(terminal=True).table(("message",), [row])
    assert max(map(len, capsys.readouterr().out.splitlines())) == 80


def test_json_steers_no_screen(capsys: pytest.CaptureFixture[str]) -> None:
    Output(json=True).answer({"title": "\x9b31m\u202e"}, "")
    said = capsys.readouterr().out
    assert said == '{\n  "schema": 1,\n  "title": "\\u009b31m\\u202e"\n}\n'
