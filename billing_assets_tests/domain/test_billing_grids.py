"""Grid days count from the anchor itself, before it too, and clamp without drifting."""

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from billing_assets.domain.billing_grids import first_grid_number, grid_day

DAYS = st.dates(min_value=date(1990, 1, 1), max_value=date(2060, 12, 31))


def test_a_clamped_day_is_never_the_start_of_the_next_step() -> None:
    days = [grid_day(date(2023, 10, 31), "month", number) for number in range(6)]
    assert [day.day for day in days] == [31, 30, 31, 31, 29, 31]


@given(anchor=DAYS, after=DAYS, unit=st.sampled_from(["day", "month"]), step=st.sampled_from([1, 3, 7, 12]))
def test_the_first_grid_day_lies_after_the_day_and_the_one_before_does_not(
    anchor: date, after: date, unit: str, step: int
) -> None:
    number = first_grid_number(anchor, unit, step, after)
    assert grid_day(anchor, unit, (number - 1) * step) <= after < grid_day(anchor, unit, number * step)
    number = first_grid_number(anchor, unit, step, after, or_on=True)
    assert grid_day(anchor, unit, (number - 1) * step) < after <= grid_day(anchor, unit, number * step)
