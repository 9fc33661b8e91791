"""A book against the store: history, holds and control totals."""

from datetime import date
from typing import Any

import polars as pl
import pytest

from billing_assets.domain.policies import HoldCode
from billing_assets.frames.book_changes import SettledBook, control_totals
from billing_assets.frames.columns import OPEN_PROBLEM_SCHEMA
from billing_assets_tests.frames.book_rows import JUN, NO_PAYER, NOTHING, PAYER, billed, rows, settle, stored

OPEN_HOLD = pl.DataFrame(
    [(4, "P 2024-01-01", "changed_after_billing", "premium", "P", date(2025, 1, 1))],
    schema=OPEN_PROBLEM_SCHEMA,
    orient="row",
)


def counts(book: SettledBook) -> tuple[int, int, int, int, int]:
    return (
        book.new_count,
        book.changed_count,
        book.unchanged_count,
        book.duplicate_count,
        book.problem_count,
    )


def test_a_row_that_the_store_does_not_know_is_new() -> None:
    book = settle(rows({}), NOTHING, NO_PAYER)
    assert counts(book) == (1, 0, 0, 0, 0)
    assert (book.terms.height, book.payers.rows()) == (1, [("K", "{}", "payer")])


def test_a_row_that_says_the_same_writes_nothing() -> None:
    book = settle(rows({}), stored(content_sha256="new"), PAYER)
    assert counts(book) == (0, 0, 1, 0, 0)
    assert (book.terms.height, book.payers.height) == (0, 0)


def test_a_payer_who_moved_makes_the_row_changed_and_leaves_the_term() -> None:
    book = settle(rows({"payer_sha256": "moved"}), stored(content_sha256="new"), PAYER)
    assert counts(book) == (0, 1, 0, 0, 0)
    assert (book.terms.height, book.payers.height) == (0, 1)


@pytest.mark.parametrize("change", [{"premium_minor": 1}, {"plan_code": "yearly"}, {"expiration_date": JUN}])
def test_a_term_that_changes_before_it_is_billed_is_not_held(change: dict[str, Any]) -> None:
    book = settle(rows(change), stored(), PAYER)
    assert counts(book) == (0, 1, 0, 0, 0)
    assert book.terms["hold_code"].to_list() == [None]


@pytest.mark.parametrize(
    "change",
    [
        {"premium_minor": 1},
        {"currency": "GBP"},
        {"plan_code": "yearly"},
        {"place_code": "GB"},
        {"line_of_business": "home"},
        {"expiration_date": date(2024, 12, 1)},
        {"anchor_date": JUN},
    ],
)
def test_a_term_that_changes_after_it_was_billed_is_held(change: dict[str, Any]) -> None:
    book = settle(rows(change), billed(), PAYER)
    assert book.terms["hold_code"].to_list() == [HoldCode.CHANGED_AFTER_BILLING]
    assert (book.held_count, book.problem_count) == (1, 0)
    noted = book.problems.select("problem_code", "field_name", "row_number", "is_row_taken").rows()
    (name,) = change
    field = "premium" if name == "premium_minor" else name
    assert noted == [("changed_after_billing", field, 1, True)]


@pytest.mark.parametrize(
    ("end", "is_held"), [(None, True), (date(2024, 9, 1), True), (JUN, False), (date(2024, 5, 1), False)]
)
def test_cover_that_goes_on_after_it_cut_a_billed_period_short_is_held(
    end: date | None, is_held: bool
) -> None:
    """Billed up to June because the book said that cover ended then."""
    cut = billed(cover_to_date=JUN, billed_cover_to_date=JUN)
    book = settle(rows({"cover_to_date": end}), cut, PAYER)
    assert book.held_count == is_held
    codes = book.problems.select("problem_code", "field_name").rows()
    assert (("changed_after_billing", "cover_to_date") in codes) is is_held


def test_a_later_end_of_cover_that_was_billed_up_to_nowhere_is_not_held() -> None:
    open_ended = billed(cover_to_date=date(2024, 9, 1), billed_cover_to_date=date(2024, 9, 1))
    assert settle(rows({}), open_ended, PAYER).held_count == 0


def test_a_change_that_billing_does_not_see_is_not_held() -> None:
    book = settle(rows({"product_code": "van"}), billed(), PAYER)
    assert book.terms["hold_code"].to_list() == [None]


def test_a_held_term_stays_held_until_the_book_says_again_what_was_billed() -> None:
    held = billed(premium_minor=5, hold_code="changed_after_billing")
    changed = settle(rows({"premium_minor": 5, "product_code": "van"}), held, PAYER, problems=OPEN_HOLD)
    assert (changed.held_count, changed.problems.height, changed.answered_ids.to_list()) == (1, 1, [4])
    restored = settle(rows({}), held, PAYER, problems=OPEN_HOLD)
    assert (restored.held_count, restored.problems.height, restored.answered_ids.to_list()) == (0, 0, [4])


def test_a_hold_stays_open_while_the_book_repeats_the_change() -> None:
    held = billed(premium_minor=5, hold_code="changed_after_billing", content_sha256="new")
    again = settle(rows({"premium_minor": 5}), held, PAYER, problems=OPEN_HOLD)
    assert (again.problems.height, again.answered_ids.to_list()) == (0, [])


def test_a_hold_that_a_person_lifted_does_not_come_back_for_another_change() -> None:
    lifted = billed(premium_minor=5)
    assert settle(rows({"premium_minor": 5, "product_code": "van"}), lifted, PAYER).held_count == 0


@pytest.mark.parametrize(
    ("day", "is_noted"), [(date(2024, 5, 31), True), (JUN, False), (date(2023, 1, 1), True)]
)
def test_cover_that_ends_inside_a_billed_period_is_taken_and_noted(day: date, is_noted: bool) -> None:
    book = settle(rows({"cover_to_date": day}), billed(), PAYER)
    noted = [("cover_ended_inside_billed_period", "cover_to_date", True)] if is_noted else []
    assert book.problems.select("problem_code", "field_name", "is_row_taken").rows() == noted
    assert (counts(book), book.held_count) == ((0, 1, 0, 0, 0), 0)


def test_rows_without_a_key_are_named_after_their_content() -> None:
    nameless = rows({"status": "problem", "problem_code": "row_shape", "field_name": "", "record_key": ""})
    (key,) = settle(nameless, NOTHING, NO_PAYER).problems["record_key"]
    assert key.startswith("row ")
    assert len(key) == len("row ") + 12


def test_control_totals_count_money_by_currency_and_fate() -> None:
    book = rows(
        {"premium_minor": 10**15},
        {"premium_minor": 10**15, "status": "duplicate"},
        {"premium_minor": -5, "status": "problem"},
        {"premium_minor": None, "status": "problem"},
        {"currency": "JPY", "has_email": False, "is_email_bad": True},
    )
    assert control_totals(book) == {
        "rows": 5,
        "premium": {
            "EUR": {"in": 2 * 10**15 - 5, "accepted": 10**15, "duplicate": 10**15, "problem": -5},
            "JPY": {"in": 10_000, "accepted": 10_000, "duplicate": 0, "problem": 0},
        },
        "unreadable_amount_count": 1,
        "email_missing_count": 1,
        "email_bad_count": 1,
    }


def test_sums_do_not_wrap_beyond_64_bits() -> None:
    book = pl.concat([rows({"premium_minor": 10**15})] * 10_000)
    assert control_totals(book)["premium"] == {
        "EUR": {"in": 10**19, "accepted": 10**19, "duplicate": 0, "problem": 0}
    }
