"""Random terms, plans and amounts for the properties.

Belongs here: which input is tried, chosen where rules are known to break, and how much of it.
Does not belong here: any property.
"""

from datetime import date, timedelta
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st

from billing_assets.domain.business_days import HolidayBehaviour, LeadUnit, Roll
from billing_assets.domain.calendar_rule import ClosedDays, Purpose
from billing_assets.domain.frequencies import FREQUENCIES
from billing_assets.domain.money import MAX_AMOUNT_MINOR
from billing_assets.domain.payment_plans import Residual
from billing_assets.domain.places import PLACES
from billing_assets.domain.term_days import TermDayCount
from billing_assets_tests.frames.rows import plan, term
from billing_assets_tests.reference.months import add_months

# The same examples on every machine, and no clock that could fail them.
STEADY = settings(derandomize=True, deadline=None, database=None, max_examples=25)
FEW = settings(STEADY, max_examples=3)

PREMIUMS = (
    st.integers(0, 40)
    | st.integers(0, 2_000_00)
    | st.integers(MAX_AMOUNT_MINOR - 40, MAX_AMOUNT_MINOR)
    | st.just(0)
)
ROLLS = st.sampled_from([rule.value for rule in Roll])
BEHAVIOURS = st.sampled_from([behaviour.value for behaviour in HolidayBehaviour])
LEAD_UNITS = st.sampled_from([unit.value for unit in LeadUnit])
DAY_COUNTS = st.sampled_from(["actual_term", *(count.value for count in TermDayCount)])
LONGEST_OPEN_LEAD = 120


@st.composite
def effective_dates(draw: st.DrawFn) -> date:
    day = draw(st.dates(date(1995, 1, 1), date(2035, 12, 31)))
    if draw(st.booleans()):
        return add_months(day.replace(day=1), 1) - timedelta(days=draw(st.integers(1, 4)))
    return day


@st.composite
def plan_rows(draw: st.DrawFn) -> list[dict[str, Any]]:
    """One open row per frequency, with any lead, due days and rolls that the store takes."""
    unit = draw(LEAD_UNITS)
    longest = LONGEST_OPEN_LEAD if unit == LeadUnit.BUSINESS.value else 400
    values = {
        "lead_days": draw(st.sampled_from([0, 1, 14, 30, longest]) | st.integers(0, longest)),
        "lead_unit": unit,
        "holiday_behaviour": draw(BEHAVIOURS),
        "due_days": draw(st.sampled_from([0, 0, 1, 30]) | st.integers(0, 400)),
        "due_roll": draw(ROLLS),
        "generate_roll": draw(ROLLS),
        "minimum_payment_days": draw(st.sampled_from([0, 14]) | st.integers(0, 400)),
    }
    return [plan(code, **values, **draw(arrangements()), day_count=draw(DAY_COUNTS)) for code in FREQUENCIES]


@st.composite
def arrangements(draw: st.DrawFn) -> dict[str, Any]:
    """What a plan may arrange beside its frequency; often nothing. Terms of these tests are in euro."""
    if draw(st.booleans()):
        return {}
    most = draw(st.sampled_from([0, 1, 2, 3, 7, 400]))
    down = draw(st.sampled_from(["", "", "part", "amount"]))
    shared_count = most - bool(down)
    minimum = draw(st.sampled_from([0, 0, 10, 500_00]))
    weights = st.lists(st.integers(1, 99_999), min_size=max(shared_count, 0), max_size=max(shared_count, 0))
    has_weights = 0 < shared_count < 10 and draw(st.booleans())
    return {
        "maximum_installment_count": most,
        "weights": " ".join(map(str, draw(weights))) if has_weights else "",
        "residual": draw(st.sampled_from([residual.value for residual in Residual])),
        "down_payment_ppm": draw(st.integers(1, 999_999)) if down == "part" else 0,
        "down_payment_minor": draw(PREMIUMS) + 1 if down == "amount" else 0,
        "installment_fee_minor": 0,
        "minimum_bill_minor": minimum,
        "currency": "EUR" if minimum or down == "amount" else "",
        "blackout_days": draw(st.sampled_from([0, 0, 1, 30, 400])),
    }


@st.composite
def closed_days(draw: st.DrawFn, near: date, reach_days: int) -> ClosedDays:
    """Days that a company has closed around a date, for any purposes; some stand together at a year's end."""
    numbers = st.frozensets(st.integers(-reach_days, reach_days), max_size=12)
    days = frozenset(near + timedelta(days=number) for number in draw(numbers))
    last = date(near.year, 12, 31)
    end = draw(st.sampled_from([frozenset(), frozenset(last + timedelta(days=n) for n in range(-2, 3))]))
    purposes = draw(st.frozensets(st.sampled_from([Purpose.GENERATE, Purpose.DUE]), min_size=1))
    return ClosedDays(by_purpose=dict.fromkeys(purposes, days | end))


@st.composite
def term_rows(draw: st.DrawFn, longest_days: int = 800) -> dict[str, Any]:
    """Any term with any anchor; cover does not end early and nothing was billed elsewhere."""
    effective = draw(effective_dates())
    months = [count for count in (1, 3, 6, 12, 13, 24) if count * 31 <= longest_days]
    by_month = st.sampled_from(months or [1]).map(lambda count: add_months(effective, count))
    by_day = st.integers(1, longest_days).map(lambda count: effective + timedelta(days=count))
    near = st.sampled_from([0, 0, 1, -1, 15, -15, 31]).map(lambda count: effective + timedelta(days=count))
    far = st.integers(-800, 800).map(lambda count: effective + timedelta(days=count))
    return {
        **term("2024-01-01", "2025-01-01"),
        "effective_date": effective,
        "expiration_date": draw(by_month | by_day),
        "anchor_date": draw(near | far),
        "plan_code": draw(st.sampled_from(sorted(FREQUENCIES))),
        "place_code": draw(st.sampled_from(sorted(PLACES))),
        "premium_minor": draw(PREMIUMS),
    }


@st.composite
def books(draw: st.DrawFn, largest: int = 4, longest_days: int = 800) -> list[dict[str, Any]]:
    """Several terms, each of its own policy; some end early, some were taken over."""
    rows = []
    for number in range(1, draw(st.integers(1, largest)) + 1):
        row = draw(term_rows(longest_days))
        length = (row["expiration_date"] - row["effective_date"]).days
        row["policy_term_id"], row["policy_number"] = number, f"P-{number % 3}-{number}"
        if draw(st.booleans()):
            row["cover_to_date"] = row["effective_date"] + timedelta(days=draw(st.integers(-1, length + 1)))
        if draw(st.booleans()):
            row["cut_over_date"] = row["effective_date"] + timedelta(days=draw(st.integers(-1, length + 1)))
        rows.append(row)
    return rows
