"""What is owed of the parts of a term beside what documents say: the difference, never below zero."""

from datetime import date
from random import Random

import polars as pl

from billing_assets.frames.change_balances import ChangeBook, change_balances, left_of_parts
from billing_assets.frames.columns import (
    ANSWERED_SCHEMA,
    CHANGE_SCHEMA,
    CHARGED_TAX_SCHEMA,
    DOCUMENTED_LINE_SCHEMA,
    SETTLED_SCHEMA,
)
from billing_assets_tests.frames.rows import term, terms

DAY = date(2024, 7, 2)
PLANNED = pl.DataFrame(
    {"policy_term_id": [1] * 2, "net_minor": [600_00] * 2, "is_open": [False, True]},
    schema_overrides={"policy_term_id": pl.Int64},
)


def book(*changes: dict[str, object], credited: int = 0, corrected: int = 0) -> ChangeBook:
    line = {
        "policy_term_id": 1,
        "charge_kind": "premium",
        "revision": 0,
        "net_minor": 600_00,
        "credited_net_minor": credited,
        "corrected_net_minor": corrected,
    }
    rows = [{"policy_term_id": 1, "change_number": number, **row} for number, row in enumerate(changes, 1)]
    return ChangeBook(
        changes=pl.DataFrame(rows, schema=CHANGE_SCHEMA),
        lines=pl.DataFrame([line], schema=DOCUMENTED_LINE_SCHEMA),
        taxes=pl.DataFrame(schema=CHARGED_TAX_SCHEMA),
        zeros=pl.DataFrame(schema=SETTLED_SCHEMA),
        answered=pl.DataFrame(schema=ANSWERED_SCHEMA),
    )


def endorsed(premium_minor: int) -> dict[str, object]:
    return {"change_kind": "endorsement", "change_date": DAY, "premium_minor": premium_minor}


CANCELLED: dict[str, object] = {
    "change_kind": "cancellation",
    "change_date": DAY,
    "premium_minor": 0,
    "method_code": "pro_rata",
}


TERMS = terms(term("2024-01-01", "2025-01-01")).with_columns(day_count=pl.lit("actual_term"))


def balances(known: ChangeBook) -> list[tuple[object, ...]]:
    found = change_balances(TERMS, PLANNED, known)
    return (
        found.sort("change_number").select("change_number", "more_minor", "less_minor", "back_minor").rows()
    )


def test_an_addition_is_more_and_a_reduction_comes_off_what_is_open() -> None:
    assert balances(book(endorsed(1800_00))) == [(0, 0, 0, 0), (1, 300_00, 0, 0)]
    assert balances(book(endorsed(600_00))) == [(0, 0, 300_00, 0), (1, 0, 0, 0)]


def test_a_cancelled_term_gives_back_what_is_not_earned_and_ends_its_installments() -> None:
    found = change_balances(TERMS, PLANNED, book(CANCELLED))
    assert found.select("more_minor", "less_minor", "back_minor", "is_ended").row(0) == (0, 0, 0, True)
    late = {**CANCELLED, "change_date": date(2024, 4, 1)}
    back = 600_00 - round(1200_00 * 91 / 366)
    assert balances(book(late)) == [(0, 0, 0, back)]


def test_what_a_person_gave_back_is_neither_billed_again_nor_given_back_twice() -> None:
    by_hand = {"credited": 100_00, "corrected": 100_00}
    assert balances(book(endorsed(1200_00), **by_hand)) == [(0, 0, 0, 0), (1, 0, 0, 0)]
    late = {**CANCELLED, "change_date": date(2024, 6, 1)}
    earned = round(1200_00 * 152 / 366)
    assert balances(book(late, **by_hand)) == [(0, 0, 0, 500_00 - earned)]


def test_more_is_never_given_back_than_was_billed_here() -> None:
    planned = PLANNED.filter("is_open")
    late = {**CANCELLED, "change_date": date(2024, 1, 1)}
    none = book(late)
    empty = ChangeBook(
        changes=none.changes,
        lines=none.lines.clear(),
        taxes=none.taxes,
        zeros=none.zeros,
        answered=none.answered,
    )
    found = change_balances(TERMS, planned, empty)
    assert found.select("back_minor", "is_short").row(0) == (600_00, True)


def test_what_is_left_of_all_parts_is_what_is_owed_of_them_together() -> None:
    rng = Random(7)
    for _ in range(200):
        owed = [rng.randrange(0, 50), *(rng.randrange(-40, 40) for _ in range(rng.randrange(6)))]
        keys = {"policy_term_id": [7] * len(owed), "change_number": list(range(len(owed)))}
        left = left_of_parts(pl.DataFrame(keys | {"owed_minor": owed}))["left_minor"].to_list()
        assert all(0 <= kept <= max(0, part) for kept, part in zip(left, owed, strict=True))
        if sum(owed) >= 0:
            assert sum(left) == sum(owed)
