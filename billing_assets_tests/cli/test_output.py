"""What is printed: JSON for programs, tables for people, plain text where there is no terminal."""

import ast
import json
import re
from datetime import UTC, date, datetime
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from billing_assets.cli import output
from billing_assets.cli.output import (
    Screen,
    amount,
    as_json,
    count_of,
    instant,
    state_cell,
    styled,
    total_rows,
    visible,
)
from billing_assets.domain.runs import CurrencyTotal, Outcome
from billing_assets_tests.house.tree import ROOT


@pytest.mark.parametrize(
    ("minor", "currency", "text"),
    [
        (0, "EUR", "0.00"),
        (-5, "EUR", "-0.05"),
        (123_456_789, "JPY", "123,456,789"),
        (1_000_000, "KWD", "1,000.000"),
    ],
)
def test_amounts_are_grouped_and_exact(minor: int, currency: str, text: str) -> None:
    assert amount(minor, currency) == text


def test_json_has_dates_as_iso_and_rows_as_objects() -> None:
    total = CurrencyTotal(outcome=Outcome.ZERO, currency="EUR", charge_count=1, net_minor=7)
    document = {
        "day": date(2025, 1, 2),
        "at": datetime(2025, 1, 2, tzinfo=UTC),
        "path": Path("a"),
        "totals": (total,),
    }
    assert json.loads(as_json(document)) == {
        "day": "2025-01-02",
        "at": "2025-01-02T00:00:00+00:00",
        "path": "a",
        "totals": [{"outcome": "zero", "currency": "EUR", "charge_count": 1, "net_minor": 7}],
    }
    with pytest.raises(TypeError):
        as_json(object())


def test_for_a_program_nothing_but_the_document_is_on_stdout(capsys: pytest.CaptureFixture[str]) -> None:
    screen = Screen(is_json=True)
    screen.say("x")
    screen.table(["a"], [["b"]])
    screen.facts([("a", "b")])
    screen.hint("h")
    with screen.progress("p") as progress:
        progress("stage", 1, 2)
    screen.document({"a": 1})
    captured = capsys.readouterr()
    assert (json.loads(captured.out), captured.err) == ({"a": 1}, "")


def test_in_a_pipe_there_is_no_colour_and_no_broken_cell(capsys: pytest.CaptureFixture[str]) -> None:
    screen = Screen()
    screen.table(["name", ">count"], [["[x]" + "y" * 120, styled("[red]{}[/red]", 1)]], footer=["total", "1"])
    screen.facts([("is up", True)])
    shown = capsys.readouterr().out
    assert "\x1b" not in shown
    assert "[x]" + "y" * 120 in shown
    assert "is up  yes" in shown


def test_without_a_terminal_a_line_tells_how_fast_the_work_goes_and_how_long_it_takes(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(output, "SECONDS_BETWEEN_LINES", 0)
    seconds = iter((0.0, 0.0, 0.0, 0.0, 10.0, 10.0, 10.0))
    monkeypatch.setattr("billing_assets.cli.output.time.monotonic", lambda: next(seconds, 10.0))
    with Screen().progress("billing run") as progress:
        progress("invoicing", 0, 120)
        progress("invoicing", 30, 120)
    assert "invoicing  30 of 120  3.0/s, 0:00:30 left" in capsys.readouterr().err


def test_on_a_terminal_the_clock_goes_on_when_a_stage_is_done() -> None:
    screen, shown, clock = Screen(), StringIO(), [0]
    screen.err = Console(file=shown, force_terminal=True, width=120, get_time=lambda: float(clock[0]))
    with screen.progress("billing run") as progress:
        progress("planning", 17, 17)
        clock[0] = 7_200
        progress("invoicing", 1, 17)
    assert "2:00:00" in shown.getvalue()


def test_the_pace_of_a_stage_is_its_own() -> None:
    pace = output.Pace()
    assert pace.told("planning", 9, 10, 0) == ""
    assert pace.told("invoicing", 0, 10, 90) == ""
    assert pace.told("invoicing", 5, 10, 92) == "2.5/s, 0:00:02 left"
    assert pace.told("waiting", 7, 0, 99) == ""


def test_words_for_counts_instants_states_and_totals() -> None:
    assert (count_of(0, "row"), count_of(1, "row"), count_of(2, "delivery")) == (
        "0 rows",
        "1 row",
        "2 deliveries",
    )
    assert instant(datetime(2025, 1, 2, 3, 4, tzinfo=UTC)) == "2025-01-02 03:04"
    assert state_cell("sent") == "[green]sent[/green]"
    assert state_cell("-") == "-"
    total = CurrencyTotal(outcome=Outcome.INVOICED, currency="JPY", charge_count=1200, net_minor=5)
    assert total_rows([total]) == [["invoiced", "JPY", "1,200", "5"]]


STEERING = "\x1b[31mred\x1b]0;title\x07\x9b2J\x7f\r\u202e\u2028\ud800"
SHOWN = r"\x1b[31mred\x1b]0;title\x07\x9b2J\x7f\r\u202e\u2028\ud800"


def test_nothing_in_a_text_steers_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    screen = Screen()
    screen.say(STEERING)
    screen.say(styled("[bold]{}[/bold]", STEERING))
    screen.heading(STEERING)
    screen.hint(STEERING)
    screen.warn(STEERING)
    screen.facts([("name", STEERING)])
    screen.table(["column"], [[STEERING]], footer=[STEERING])
    captured = capsys.readouterr()
    assert (captured.out + captured.err).count(SHOWN) == 8
    assert visible(captured.out.replace("\n", "")) == captured.out.replace("\n", "")


def test_a_line_break_of_the_data_begins_no_line_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    Screen().say("a\nerror  forged")
    assert capsys.readouterr().out == "a\\nerror  forged\n"


def test_json_shows_what_json_lets_through_as_escapes() -> None:
    text = as_json({"value": STEERING, "name": "Ñandú"})
    assert visible(text.replace("\n", "")) == text.replace("\n", "")
    assert json.loads(text) == {"value": STEERING, "name": "Ñandú"}


@pytest.mark.parametrize("text", ["P[/b]1", "book [final].csv", "[red]x[/red]", ":car:", "ends in \\", "{0}"])
def test_data_is_never_read_as_markup(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    screen = Screen()
    screen.say(text)
    screen.say(styled("[bold]{}[/bold]|", text))
    screen.hint(text)
    screen.facts([("name", text)])
    screen.table(["c"], [[text], [styled("[red]{}[/red]|", text)]])
    captured = capsys.readouterr()
    assert (captured.out + captured.err).count(text) == 6


def test_markup_is_never_written_where_texts_are_plain() -> None:
    """A forgotten ``styled`` would show its brackets to people."""
    found = [
        f"{path.name}:{node.lineno}"
        for path in sorted((ROOT / "billing_assets" / "cli").glob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in {"say", "hint", "warn", "heading", "aside"}
        and re.search(r"\[/(bold|dim|red|green|yellow)\]", _own_text(node))
    ]
    assert found == []


def _own_text(call: ast.Call) -> str:
    """The constants of a call's arguments, without those that it hands to another call."""
    inner = {
        id(part)
        for node in ast.walk(call)
        if isinstance(node, ast.Call) and node is not call
        for part in ast.walk(node)
    }
    return "".join(
        str(node.value) for node in ast.walk(call) if isinstance(node, ast.Constant) and id(node) not in inner
    )
