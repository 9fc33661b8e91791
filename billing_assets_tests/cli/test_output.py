"""What is printed: JSON for programs, tables for people, plain text where there is no terminal."""

import json
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from billing_assets.cli.output import (
    Markup,
    Screen,
    amount,
    as_json,
    count_of,
    instant,
    state_cell,
    total_rows,
)
from billing_assets.domain.runs import CurrencyTotal, Outcome


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
    screen.table(["name", ">count"], [["[x]" + "y" * 120, Markup("[red]1[/red]")]], footer=["total", "1"])
    screen.facts([("is up", True)])
    shown = capsys.readouterr().out
    assert "\x1b" not in shown
    assert "[x]" + "y" * 120 in shown
    assert "is up  yes" in shown


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
