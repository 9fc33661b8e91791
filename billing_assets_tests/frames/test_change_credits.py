"""What is given back comes from the lines of its part, the latest first, each no more than is left of it."""

from collections.abc import Mapping
from datetime import date

import polars as pl

from billing_assets.frames.change_credits import with_returned
from billing_assets.frames.columns import DOCUMENTED_LINE_SCHEMA

DAYS = [date(2024, month, 1) for month in (1, 2, 3)]


def lines(*rows: Mapping[str, object]) -> pl.DataFrame:
    line = {
        "policy_term_id": 7,
        "charge_kind": "premium",
        "revision": 0,
        "line_number": 1,
        "net_minor": 100,
        "credited_net_minor": 0,
    }
    placed = [
        {**line, "original_invoice_id": 40 + place, "period_from_date": DAYS[place], **row}
        for place, row in enumerate(rows)
    ]
    return pl.DataFrame(placed, schema=DOCUMENTED_LINE_SCHEMA)


def wanted(frame: pl.DataFrame, back: int, revision: int = 0) -> list[tuple[int, int | None]]:
    returns = pl.DataFrame([{"policy_term_id": 7, "revision": revision, "back_minor": back}])
    return with_returned(frame, returns).select("original_invoice_id", "wanted_net_minor").rows()


def test_the_latest_line_gives_first() -> None:
    assert wanted(lines({}, {}, {}), 150) == [(41, 50), (42, 100)]


def test_what_was_given_back_before_is_not_there_any_more() -> None:
    assert wanted(lines({}, {}, {"credited_net_minor": 70}), 50) == [(41, 20), (42, 30)]


def test_fees_and_other_parts_give_nothing() -> None:
    assert wanted(lines({}, {"charge_kind": "installment_fee"}), 30) == [(40, 30)]
    assert wanted(lines({}, {"charge_kind": "premium_change", "revision": 2}), 30, 2) == [(41, 30)]


def test_an_invoice_gives_no_more_than_is_left_of_it_after_what_was_taken_off() -> None:
    lower = {"original_invoice_id": 41, "line_number": 2, "charge_kind": "premium_change", "net_minor": -30}
    assert wanted(lines({}, {}, lower), 60) == [(41, 60), (41, None)]
    assert wanted(lines({}, {}, lower), 90) == [(40, 20), (41, 100), (41, -30)]


def test_with_nothing_to_give_back_there_is_no_line() -> None:
    assert wanted(lines({}, {}), 0) == []
