"""Days by rule and by list: published cases, and what is refused."""

from datetime import date, timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing_assets.domain.errors import BillingError
from billing_assets.frames.recurrence import grid_table, listed_dates, occurrences
from billing_assets_tests.oracle import oracle_cases

_PARTS = {"byweekday": "BYDAY"}


def pattern_of(case: dict[str, Any]) -> str:
    parts = [f"FREQ={case['freq']}"]
    for name, value in case.items():
        if name in ("count", "interval", "wkst") or name.startswith("by"):
            values = value if isinstance(value, list) else [value]
            parts.append(f"{_PARTS.get(name, name.upper())}={','.join(map(str, values))}")
    if "until" in case:
        until = date.fromisoformat(case["until"][:10])
        # An until before the time of day of the last day is a day earlier.
        until -= timedelta(days=case["until"][11:] < case["dtstart"][11:])
        parts.append(f"UNTIL={until:%Y%m%d}")
    return ";".join(parts)


def test_rules_agree_with_the_published_cases() -> None:
    for case in oracle_cases("rrule"):
        start = date.fromisoformat(case["dtstart"][:10])
        expected = [date.fromisoformat(text[:10]) for text in case["expected"]]
        is_whole = "count" in case or "until" in case
        after = date(9000, 1, 1) if is_whole else expected[-1] + timedelta(days=1)
        assert occurrences(pattern_of(case), start, start, after) == expected, case["id"]


@pytest.mark.parametrize(
    "pattern",
    [
        "",
        "garbage",
        "FREQ=HOURLY",
        "FREQ=MONTHLY;BYHOUR=9",
        "FREQ=MONTHLY;INTERVAL=0",
        "FREQ=MONTHLY;INTERVAL=-1",
        "FREQ=MONTHLY;COUNT=x",
        "FREQ=MONTHLY;BYDAY=XX",
        "FREQ=MONTHLY;BYMONTHDAY=1\nDTSTART:20240101",
        "RRULE:FREQ=MONTHLY\nRRULE:FREQ=SECONDLY",
        "FREQ=MONTHLY;" + "BYMONTHDAY=1;" * 400,
    ],
)
def test_what_is_no_rule_of_days_is_refused_at_once(pattern: str) -> None:
    with pytest.raises(BillingError, match="is no recurrence rule"):
        occurrences(pattern, date(2024, 1, 1), date(2024, 1, 1), date(2025, 1, 1))


def test_a_day_that_is_left_out_or_added_by_a_line() -> None:
    pattern = "RRULE:FREQ=MONTHLY;BYMONTHDAY=15\nEXDATE:20240215T000000\nRDATE:20240220T000000"
    found = occurrences(pattern, date(2024, 1, 1), date(2024, 1, 1), date(2024, 4, 1))
    assert [str(day) for day in found] == ["2024-01-15", "2024-02-20", "2024-03-15"]


def test_a_rule_skips_the_day_that_a_month_does_not_have() -> None:
    found = occurrences("FREQ=MONTHLY", date(2024, 1, 31), date(2024, 1, 1), date(2024, 6, 1))
    assert [str(day) for day in found] == ["2024-01-31", "2024-03-31", "2024-05-31"]


@pytest.mark.parametrize("pattern", ["", "2025-02-30", "01/02/26", "2025-01-15;2025-02-15"])
def test_a_list_with_no_date_is_refused(pattern: str) -> None:
    with pytest.raises(BillingError, match="no list of dates"):
        listed_dates(pattern)


def grid(unit: str, pattern: str, effective: date, expiration: date, anchor: date | None = None) -> Any:
    row = {
        "schedule_id": 0,
        "unit": unit,
        "pattern": pattern,
        "effective_date": effective,
        "expiration_date": expiration,
        "anchor_date": anchor or effective,
    }
    (found,) = grid_table(pl.DataFrame([row])).to_dicts()
    return [str(day) for day in found["grid"]], [str(day) for day in found["due_from"]]


def test_once_is_one_period() -> None:
    days = date(2024, 1, 16), date(2025, 1, 16)
    assert grid("once", "", *days) == (["2024-01-16", "2025-01-16"], ["2024-01-16"])


def test_the_first_period_of_a_rule_begins_with_the_term_inside_its_grid_period() -> None:
    borders, due_from = grid("rule", "FREQ=MONTHLY;BYMONTHDAY=1,15", date(2024, 1, 10), date(2024, 2, 10))
    assert borders == ["2024-01-01", "2024-01-15", "2024-02-01", "2024-02-15"]
    assert due_from == ["2024-01-10", "2024-01-15", "2024-02-01"]


def test_a_rule_that_counts_has_no_day_before_its_anchor_and_none_after_its_last() -> None:
    found = grid("rule", "FREQ=MONTHLY;COUNT=3", date(2024, 1, 10), date(2025, 1, 10))
    assert found[0] == ["2024-01-10", "2024-02-10", "2024-03-10", "2025-01-10"]


def test_the_listed_dates_are_due_dates_and_the_first_period_begins_with_the_term() -> None:
    found = grid("dates", "2024-02-01 2024-05-01 2030-01-01", date(2024, 1, 10), date(2025, 1, 10))
    assert found == (["2024-01-10", "2024-05-01", "2025-01-10"], ["2024-02-01", "2024-05-01"])


def test_every_second_month_keeps_its_phase_before_the_anchor() -> None:
    """The anchor is in March: May comes after, January before."""
    found = grid(
        "rule",
        "FREQ=MONTHLY;INTERVAL=2;BYMONTHDAY=5",
        date(2024, 2, 1),
        date(2024, 8, 1),
        anchor=date(2024, 3, 5),
    )
    assert found[0] == ["2024-01-05", "2024-03-05", "2024-05-05", "2024-07-05", "2024-09-05"]


@given(
    st.sampled_from(["DAILY", "WEEKLY", "MONTHLY", "YEARLY"]),
    st.integers(1, 18),
    st.dates(date(1990, 1, 1), date(2080, 1, 1)),
    st.integers(-700, 700),
    st.integers(1, 900),
)
def test_a_grid_covers_its_term_with_ascending_periods(
    freq: str, interval: int, effective: date, anchor_days: int, term_days: int
) -> None:
    expiration = effective + timedelta(days=term_days)
    pattern = f"FREQ={freq};INTERVAL={interval}"
    borders, due_from = grid("rule", pattern, effective, expiration, effective + timedelta(days=anchor_days))
    assert borders == sorted(set(borders))
    assert borders[0] <= str(effective) < borders[1]
    assert borders[-2] < str(expiration) <= borders[-1]
    assert due_from == [str(effective), *borders[1:-1]]
