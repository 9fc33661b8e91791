"""`billing rules taxes` and `cash`: the dated rows with what they say and the law they rest on."""

from collections.abc import Callable
from typing import Any

import pytest

from billing_assets.store.connection import Database
from billing_assets_tests.cli.conftest import Billing


@pytest.fixture(autouse=True)
def _store(store: Database) -> None:
    """Each test has the shipped rows in a store of its own."""


def test_rows_of_a_place_are_shown_with_rate_days_and_source(billing: Billing) -> None:
    shown = billing("rules", "taxes", "--place", "ES").stdout
    assert "8 %" in shown
    assert "Ley 13/1996 art. 12.Once.1" in shown
    assert "2021-01-01" in shown
    assert "GB-IPT" not in shown


def test_a_day_chooses_the_rows_that_hold_on_it(ask: Callable[..., Any]) -> None:
    for day, rate_ppm in (("2020-12-31", 60_000), ("2021-01-01", 80_000)):
        rows = ask("rules", "taxes", "--place", "es", "--on", day)["taxes"]
        general = {row["tax_code"]: row for row in rows if row["line_of_business"] == "*"}
        assert general["ES-IPS"]["rate_ppm"] == rate_ppm
        assert general["ES-IPS"]["source"]
        assert set(general) == {"ES-IPS", "ES-CCS"}


def test_exempt_left_out_and_fixed_rows_say_so(billing: Billing) -> None:
    assert "left out" in billing("rules", "taxes", "--place", "DE").stdout
    shown = billing("rules", "taxes", "--place", "US-PA").stdout
    assert "20.00 USD per term" in shown
    assert "exempt" in billing("rules", "taxes", "--place", "JP").stdout


def test_a_day_before_all_rows_has_none(billing: Billing) -> None:
    assert "No row fits" in billing("rules", "taxes", "--on", "1950-01-01").stdout


def test_an_unknown_place_is_refused_with_those_that_are_known(billing: Billing) -> None:
    result = billing("rules", "taxes", "--place", "XX", code=3)
    assert "there is no place 'XX'" in result.stderr
    assert "US-CA" in result.stderr


def test_the_smallest_cash_amounts_are_shown_with_their_law(
    billing: Billing, ask: Callable[..., Any]
) -> None:
    shown = billing("rules", "cash").stdout
    for word in ("CHF", "0.05", "SR 941.101", "SEK", "1970:1029", "50 öre is rounded up"):
        assert word in shown
    rows = {row["currency"]: row for row in ask("rules", "cash", "--on", "2009-01-01")["cash_units"]}
    assert set(rows) == {"CHF", "CZK", "HUF"}
    assert rows["CHF"]["cash_unit_minor"] == 5
    assert "No row fits" in billing("rules", "cash", "--on", "1950-01-01").stdout
