"""Cover is billed once: which of two terms that overlap is refused, and which is held."""

from datetime import date

import polars as pl

from billing_assets.domain.policies import HoldCode
from billing_assets.frames.period_overlaps import billed_elsewhere, cover_end, with_overlaps
from billing_assets_tests.frames.book_rows import (
    JAN,
    JUN,
    NEXT_JAN,
    NOTHING,
    PAYER,
    billed,
    rows,
    settle,
    stored,
)

LATER = {"effective_date": JUN, "expiration_date": date(2025, 6, 1)}
BEFORE = {"effective_date": date(2023, 6, 1), "expiration_date": date(2024, 2, 1)}


def statuses(frame: pl.DataFrame) -> list[str]:
    return frame["status"].to_list()


def test_cover_ends_with_the_term_or_before_it() -> None:
    ends = rows({}, {"cover_to_date": JUN}, {"cover_to_date": date(2026, 1, 1)}).select(cover_end())
    assert ends.to_series().to_list() == [NEXT_JAN, JUN, NEXT_JAN]


def test_terms_that_touch_do_not_overlap() -> None:
    touching = rows({"expiration_date": JUN}, LATER)
    assert statuses(with_overlaps(touching, NOTHING)) == ["accepted", "accepted"]


def test_a_long_term_overlaps_every_term_inside_it() -> None:
    inside = rows(
        {},
        {"effective_date": date(2024, 2, 1), "expiration_date": date(2024, 3, 1)},
        {"effective_date": date(2024, 4, 1), "expiration_date": date(2024, 5, 1)},
        {"effective_date": NEXT_JAN, "expiration_date": date(2026, 1, 1)},
        {"policy_number": "Q"},
    )
    problems = with_overlaps(inside, NOTHING)["problem_code"].to_list()
    assert problems == ["period_overlap"] * 3 + [None, None]


def test_a_new_term_overlaps_the_stored_terms_that_the_file_does_not_replace() -> None:
    assert with_overlaps(rows(LATER), stored())["problem_code"].to_list() == ["period_overlap"]
    replaced = rows({"expiration_date": JUN}, LATER)
    assert statuses(with_overlaps(replaced, stored())) == ["accepted", "accepted"]


def test_a_term_that_is_cancelled_makes_room_for_the_one_that_is_written_anew() -> None:
    rewritten = rows({"cover_to_date": JUN}, LATER)
    assert statuses(with_overlaps(rewritten, stored())) == ["accepted", "accepted"]
    assert statuses(with_overlaps(rows(LATER), stored(cover_to_date=JUN))) == ["accepted"]


def test_of_a_cancelled_term_and_one_that_begins_too_early_only_the_later_is_refused() -> None:
    early = rows({"cover_to_date": date(2024, 7, 1)}, LATER)
    assert statuses(with_overlaps(early, stored())) == ["accepted", "problem"]


def test_a_stored_term_that_stays_as_it_is_is_not_refused_for_a_new_one() -> None:
    assert statuses(with_overlaps(rows({}, LATER), stored())) == ["accepted", "problem"]


def test_a_term_that_grows_into_the_next_is_refused_and_the_next_is_not() -> None:
    both = pl.concat([stored(cover_to_date=JUN), stored(**LATER)])
    assert statuses(with_overlaps(rows({}, LATER), both)) == ["problem", "accepted"]
    assert statuses(with_overlaps(rows({}), both)) == ["problem"]


def test_a_term_without_a_day_of_cover_overlaps_nothing() -> None:
    moved = rows({"cover_to_date": JAN}, {"effective_date": date(2023, 12, 1), "expiration_date": NEXT_JAN})
    assert statuses(with_overlaps(moved, stored())) == ["accepted", "accepted"]
    assert statuses(with_overlaps(moved, NOTHING)) == ["accepted", "accepted"]


def test_a_term_before_the_stored_one_is_refused_and_the_stored_one_may_shrink() -> None:
    three = rows(BEFORE, {"expiration_date": JUN}, LATER)
    assert statuses(with_overlaps(three, stored())) == ["problem", "accepted", "accepted"]


def test_a_copy_of_an_overlapping_row_is_refused_with_it() -> None:
    copies = rows({}, {"status": "duplicate"}, {"effective_date": JUN})
    assert with_overlaps(copies, NOTHING)["status"].to_list() == ["problem"] * 3


def test_a_term_that_begins_inside_a_period_billed_under_the_cancelled_one_is_held() -> None:
    april = {"effective_date": date(2024, 4, 1), "expiration_date": date(2025, 4, 1)}
    book = settle(rows({"cover_to_date": date(2024, 4, 1)}, april), billed(), PAYER)
    assert (book.changed_count, book.new_count, book.problem_count) == (1, 1, 0)
    assert book.terms["hold_code"].to_list() == [None, HoldCode.BILLED_UNDER_ANOTHER_TERM]


def test_a_term_that_begins_where_the_last_billed_period_ends_is_not_held() -> None:
    terms = rows({"cover_to_date": JUN}, LATER)
    assert billed_elsewhere(terms, billed()).is_empty()
    assert settle(terms, billed(), PAYER).held_count == 0


def test_a_hold_for_cover_billed_elsewhere_that_a_person_lifted_does_not_come_back() -> None:
    april = {"effective_date": date(2024, 4, 1), "expiration_date": date(2025, 4, 1)}
    for hold, count in ((HoldCode.BILLED_UNDER_ANOTHER_TERM, 1), (None, 0)):
        both = pl.concat([billed(cover_to_date=date(2024, 4, 1)), stored(**april, hold_code=hold)])
        book = settle(rows({**april, "product_code": "van"}), both, PAYER)
        assert (book.changed_count, book.held_count) == (1, count)
