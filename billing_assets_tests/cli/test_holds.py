"""``billing holds``: simulated, set, listed and lifted at the command line."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from billing_assets_tests.cli.conftest import Billing

FEBRUARY = ("--from", "2024-01-01", "--until", "2024-02-29")
WHY = ("--why", "order of the regulator", "--by", "ana")


def test_a_hold_is_simulated_set_and_lifted_and_the_next_run_bills_what_it_held(
    billing: Billing, book: Path, ask: Callable[..., Any]
) -> None:
    shown = ask("holds", "simulate", *FEBRUARY, "--place", "ES")
    [total] = shown["totals"]
    assert total["invoice_count"] > 0
    assert ask("holds", "list")["holds"] == []
    said = billing("holds", "set", *FEBRUARY, "--place", "ES", "--clock", "bill", *WHY)
    assert "Hold 1 stops billing for every product of ES from 2024-01-01 until 2024-02-29." in said.stdout
    said = billing("run", "2024-01-31", "--no-deliver")
    assert "under a hold: billing holds list --all" in said.stderr
    assert ask("invoices", "list")["invoices"] == []
    listed = billing("holds", "list").stdout
    assert "order of the regulator" in listed
    billing("holds", "lift", "1", "--why", "it is over", "--by", "bea")
    assert "Nothing is held." in billing("holds", "list").stdout
    [lifted] = ask("holds", "list", "--all")["holds"]
    assert (lifted["lifted_by"], lifted["lift_reason"]) == ("bea", "it is over")
    billing("run", "2024-02-01", "--no-deliver")
    assert ask("invoices", "list")["invoices"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--place", "Narnia", *WHY), "'Narnia' is no place"),
        (("--product", "boat", *WHY), "no policy of the book has the product 'boat'"),
        (("--by", "ana"), "--why"),
    ],
)
def test_what_is_no_hold_is_refused_and_nothing_is_set(
    billing: Billing, book: Path, ask: Callable[..., Any], arguments: tuple[str, ...], words: str
) -> None:
    refused = billing("holds", "set", *FEBRUARY, *arguments, code=3)
    assert words in refused.stderr
    assert ask("holds", "list", "--all")["holds"] == []


def test_a_hold_that_does_not_stand_cannot_be_lifted(billing: Billing, book: Path) -> None:
    refused = billing("holds", "lift", "7", "--why", "over", code=3)
    assert "there is no hold 7 that stands" in refused.stderr
