"""What is owed of the parts of a term, one term at a time, is what the reference and the formulas say."""

from datetime import date, timedelta
from random import Random

import polars as pl
import pytest

from billing_assets.domain.cancellation import CANCELLATION_METHODS
from billing_assets.domain.changed_terms import owed_parts, standing_cancellation
from billing_assets.domain.policy_changes import ChangeKind, TermChange
from billing_assets.domain.term_days import TermDayCount, TermDays
from billing_assets.frames.change_balances import left_of_parts
from billing_assets.frames.columns import CHANGE_SCHEMA
from billing_assets.frames.policy_changes import premium_parts
from billing_assets_tests.reference.policy_changes import PolicyChange
from billing_assets_tests.reference.policy_changes import owed_parts as slow_parts

START, END = date(2023, 11, 15), date(2024, 11, 15)


def random_changes(rng: Random) -> list[TermChange]:
    found = []
    for number in range(1, rng.randrange(7)):
        kind = rng.choice([ChangeKind.ENDORSEMENT, *ChangeKind])
        is_off = kind is ChangeKind.CANCELLATION
        found.append(
            TermChange(
                policy_term_id=7,
                policy_id=3,
                change_number=number,
                change_kind=kind,
                change_date=START + timedelta(days=rng.randrange(366)),
                premium_minor=rng.choice([0, 1, rng.randrange(900_00)]) if kind == "endorsement" else 0,
                method_code=rng.choice(sorted(CANCELLATION_METHODS)) if is_off else "",
            )
        )
    return found


def by_frames(premium: int, changes: list[TermChange], count: TermDayCount) -> dict[int, int]:
    rows = [{name: getattr(each, name, "EUR") for name in CHANGE_SCHEMA} for each in changes]
    frame = pl.DataFrame(
        [row | {"change_kind": str(row["change_kind"])} for row in rows], schema=CHANGE_SCHEMA
    )
    term = {"policy_term_id": 7, "effective_date": START, "expiration_date": END, "premium_minor": premium}
    term |= {"day_count": count.value}
    parts = premium_parts(pl.DataFrame([term]), frame, CANCELLATION_METHODS.values())
    return dict(left_of_parts(parts).select("change_number", "left_minor").iter_rows())


@pytest.mark.long
def test_parts_and_what_is_left_of_them_agree_with_the_reference_and_the_formulas() -> None:
    rng = Random(15)
    for number in range(200):
        premium, changes = rng.choice([0, 1, rng.randrange(900_00)]), random_changes(rng)
        count = list(TermDayCount)[number % 4]
        parts = owed_parts(premium, TermDays(count, START, END), changes)
        slow = slow_parts(
            premium,
            START,
            END,
            [
                PolicyChange(
                    change_number=each.change_number,
                    kind=each.change_kind,
                    effective_date=each.change_date,
                    premium_minor=each.premium_minor,
                    method_code=each.method_code,
                )
                for each in changes
            ],
            count.value,
        )
        alone = sorted((each.change_number, each.part_minor, each.before_returns) for each in parts)
        assert alone == sorted(slow)
        assert {each.change_number: each.owed_minor for each in parts} == by_frames(premium, changes, count)


def test_a_cancellation_stands_until_a_reinstatement_that_comes_after_it_by_its_day() -> None:
    off = TermChange(
        policy_term_id=7,
        policy_id=3,
        change_number=2,
        change_kind=ChangeKind.CANCELLATION,
        change_date=START,
        method_code="flat",
    )
    on = TermChange(
        policy_term_id=7,
        policy_id=3,
        change_number=1,
        change_kind=ChangeKind.REINSTATEMENT,
        change_date=START,
    )
    assert standing_cancellation([off, on]) == off
    assert standing_cancellation([]) is None
