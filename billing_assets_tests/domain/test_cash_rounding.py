"""The shipped rows of smallest cash amounts: each cites its law, and none is held beside another."""

from itertools import groupby

import pytest

from billing_assets.domain.cash_rounding import CASH_CURRENCIES, CASH_UNITS, CashUnit
from billing_assets.domain.money import CURRENCIES


@pytest.mark.parametrize("row", CASH_UNITS, ids=lambda row: row.currency)
def test_a_row_names_a_currency_its_source_and_what_becomes_of_a_half(row: CashUnit) -> None:
    assert row.currency in CURRENCIES
    assert row.cash_unit_minor > 1
    assert len(row.source) > 20
    can_tie = row.cash_unit_minor % 2 == 0
    assert row.tie_rule.startswith("none can arise") is not can_tie


def test_the_rows_of_a_currency_follow_each_other_without_overlap_or_gap() -> None:
    for _, rows in groupby(CASH_UNITS, key=lambda row: row.currency):
        own = list(rows)
        assert [row.valid_to for row in own] == [row.valid_from for row in own[1:]] + [None]


def test_a_franc_is_paid_to_five_rappen() -> None:
    assert CASH_CURRENCIES["CHF"].cash_unit_minor == 5
    assert "EUR" not in CASH_CURRENCIES
