"""What a refused row holds, and which row answers a problem."""

from datetime import date
from typing import Any

import polars as pl
import pytest

from billing_assets.domain.problems import COVER_ENDED, LEFT_OUT
from billing_assets.frames.columns import IN_FORCE_SCHEMA, OPEN_HOLD_SCHEMA, OPEN_PROBLEM_SCHEMA
from billing_assets.frames.problems import (
    answered_problems,
    held_terms,
    left_out,
    named_terms,
)
from billing_assets_tests.frames.book_rows import JAN, JUN, NEXT_JAN, NOTHING, PAYER, rows, settle, stored

RENEWAL = {"effective_date": NEXT_JAN, "expiration_date": date(2026, 1, 1)}
BOTH = pl.concat([stored(), stored(**RENEWAL)])
BAD: dict[str, Any] = {"status": "problem", "problem_code": "amount_empty", "field_name": "premium"}
NO_DATE = {**BAD, "problem_code": "date_invalid", "field_name": "effective_date", "effective_date": None}


def held(row: dict[str, Any], *taken: dict[str, Any]) -> list[date]:
    """Return the begins of the stored terms that a bad row holds."""
    return held_terms(rows(row), rows(*taken) if taken else rows({}).clear(), BOTH)[
        "effective_date"
    ].to_list()


@pytest.mark.parametrize(
    ("row", "begins"),
    [
        (BAD, [JAN]),
        ({**BAD, **RENEWAL}, [NEXT_JAN]),
        ({**BAD, "effective_date": JUN, "expiration_date": date(2025, 6, 1)}, [JAN, NEXT_JAN]),
        ({**BAD, "effective_date": date(2023, 6, 1), "expiration_date": JUN}, [JAN]),
        ({**BAD, "effective_date": JUN, "expiration_date": None}, [JAN]),
        ({**BAD, "effective_date": date(2026, 1, 1), "expiration_date": date(2027, 1, 1)}, []),
        ({**BAD, "expiration_date": date(2023, 1, 1)}, [JAN]),
        (NO_DATE, [JAN, NEXT_JAN]),
        (
            {**NO_DATE, "problem_code": "date_out_of_range", "effective_date": date(2204, 1, 1)},
            [JAN, NEXT_JAN],
        ),
        ({**BAD, "policy_number": "Q"}, []),
        ({**BAD, "named_policy_number": None}, []),
    ],
)
def test_a_bad_row_holds_the_terms_that_it_speaks_of(row: dict[str, Any], begins: list[date]) -> None:
    assert held(row) == begins


def test_a_term_of_which_the_book_has_a_good_row_is_not_held() -> None:
    assert held(NO_DATE, {}) == [NEXT_JAN]
    assert held(NO_DATE, {}, RENEWAL) == []


def test_a_cancelled_term_that_is_taken_is_not_held_by_its_refused_successor() -> None:
    book = settle(rows({"cover_to_date": date(2024, 7, 1)}, {"effective_date": JUN}), stored(), PAYER)
    assert (book.changed_count, book.problem_count, book.holds.height) == (1, 1, 0)


def test_a_refused_row_of_a_book_holds_its_stored_term() -> None:
    book = settle(rows({**BAD, "content_sha256": None, "payer_sha256": None}), stored(), PAYER)
    assert book.holds.rows() == [(1, "P", JAN)]
    assert book.problems.select("policy_number", "effective_date", "expiration_date").row(0) == (
        "P",
        JAN,
        NEXT_JAN,
    )


def test_the_holds_of_a_term_are_released_by_a_good_row_of_it() -> None:
    held_before = pl.DataFrame([(3, "P", JAN), (3, "P", NEXT_JAN)], schema=OPEN_HOLD_SCHEMA, orient="row")
    book = settle(rows({"content_sha256": "old"}), stored(), PAYER, holds=held_before)
    assert book.unchanged_count == 1
    assert book.released.rows() == [(3, "P", JAN)]


def answered(problem: dict[str, Any], taken: pl.DataFrame, refused: pl.DataFrame | None = None) -> bool:
    row = {
        "problem_id": 9,
        "record_key": "P 2024-01-32",
        "problem_code": "date_invalid",
        "field_name": "effective_date",
        "policy_number": "P",
        "expiration_date": NEXT_JAN,
    }
    waiting = pl.DataFrame([{**row, **problem}], schema=OPEN_PROBLEM_SCHEMA)
    others = rows({}).clear() if refused is None else refused
    decided = taken.with_columns(hold_code=pl.lit(None, pl.String), is_term_changed=pl.lit(value=True))
    return answered_problems(waiting, decided, named_terms(others), JUN).to_list() == [9]


@pytest.mark.parametrize(
    ("problem", "is_answered"),
    [
        ({}, True),
        ({"expiration_date": date(2024, 12, 1)}, False),
        ({"expiration_date": None}, True),
        ({"policy_number": "Q"}, False),
        ({"policy_number": None}, False),
        ({"problem_code": "amount_empty", "field_name": "premium"}, False),
        ({"problem_code": "amount_empty", "field_name": "premium", "record_key": "P 2024-01-01"}, True),
        ({"problem_code": COVER_ENDED, "record_key": "P 2024-01-01"}, False),
    ],
)
def test_a_good_row_answers_what_was_wrong_with_it(problem: dict[str, Any], is_answered: bool) -> None:
    assert answered(problem, rows({})) is is_answered


def test_a_bad_row_takes_the_place_of_a_problem_with_its_key_only() -> None:
    nothing = rows({}).clear()
    again = rows({**NO_DATE, "record_key": "P 2024-01-32"})
    assert answered({}, nothing, again)
    assert not answered({}, nothing, again.with_columns(record_key=pl.lit("P 2024-01-33")))
    assert not answered({}, rows({}), again.with_columns(record_key=pl.lit("P 2024-01-33")))


IN_FORCE = pl.DataFrame([("P", JAN, NEXT_JAN), ("Q", JAN, NEXT_JAN)], schema=IN_FORCE_SCHEMA, orient="row")


def test_a_term_that_a_full_book_does_not_name_is_a_problem_without_a_row() -> None:
    book = settle(rows({}), stored(), PAYER, in_force=IN_FORCE)
    columns = ("row_number", "record_key", "problem_code", "expiration_date", "is_row_taken")
    assert book.problems.select(columns).rows() == [
        (None, "Q 2024-01-01", "missing_from_book", NEXT_JAN, False)
    ]
    assert (book.missing_count, book.problem_count, book.holds.height) == (1, 0, 0)
    assert book.control_totals["missing_count"] == 1


def test_a_bad_row_names_its_term_and_one_without_a_date_every_term_of_its_policy() -> None:
    for row in ({**BAD, "policy_number": "Q"}, {**NO_DATE, "policy_number": "Q"}):
        assert left_out(IN_FORCE, rows({}, row)).is_empty()
    assert left_out(IN_FORCE, rows({}, {**BAD, "policy_number": "Q", **RENEWAL})).height == 1


@pytest.mark.parametrize(("end", "is_answered"), [(NEXT_JAN, False), (JUN, True)])
def test_what_was_missing_is_answered_when_its_cover_has_ended(end: date, is_answered: bool) -> None:
    problem = {"problem_code": LEFT_OUT, "record_key": "Q 2024-01-01", "policy_number": "Q", "field_name": ""}
    assert answered({**problem, "expiration_date": end}, rows({})) is is_answered


def test_what_a_book_leaves_out_does_not_keep_a_corrected_date_open() -> None:
    missing = left_out(IN_FORCE, rows({"policy_number": "R"}))
    waiting = pl.DataFrame(
        [(9, "P 2024-01-32", "date_invalid", "effective_date", "P", NEXT_JAN)],
        schema=OPEN_PROBLEM_SCHEMA,
        orient="row",
    )
    taken = rows({}).with_columns(hold_code=pl.lit(None, pl.String), is_term_changed=pl.lit(value=True))
    assert answered_problems(waiting, taken, missing, JUN).to_list() == [9]


def test_a_book_without_anything_open_settles() -> None:
    book = settle(rows({}), NOTHING, PAYER)
    assert (book.answered_ids.len(), book.released.height, book.holds.height) == (0, 0, 0)
