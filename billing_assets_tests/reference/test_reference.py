"""The reference against amounts and dates computed by hand from the rules: who checks the oracle."""

from dataclasses import replace
from fractions import Fraction

import pytest

from billing_assets.domain.business_days import Roll
from billing_assets.domain.payment_plans import DEFAULT_PLANS, PaymentPlan
from billing_assets_tests.reference.arithmetic import half_up
from billing_assets_tests.reference.calendars import roll
from billing_assets_tests.reference.cases import day, term
from billing_assets_tests.reference.installments import installments
from billing_assets_tests.reference.periods import billing_periods
from billing_assets_tests.reference.policy import ReferencePolicy


def nets(policy: ReferencePolicy, company: str = "ES") -> list[int]:
    return [item.net_minor for item in installments(policy, company)]


# ------------------------------------------------------------------------------------------- rounding


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (Fraction(1, 2), 1),
        (Fraction(3, 2), 2),
        (Fraction(5, 2), 3),
        (Fraction(-1, 2), -1),
        (Fraction(1, 3), 0),
        (Fraction(2, 3), 1),
        (Fraction(10**15 * 2 + 1, 2), 10**15 + 1),
        (Fraction(10**15) + Fraction(49_999_999, 10**8), 10**15),
        (Fraction(1, 2) - Fraction(1, 10**25), 0),
    ],
)
def test_halves_go_away_from_zero_and_nothing_else_does(value: Fraction, expected: int) -> None:
    assert half_up(value) == expected


# -------------------------------------------------------------------------------------------- periods


def test_31_january_monthly_clamps_each_month_from_the_anchor() -> None:
    starts = [p.period_from for p in billing_periods(term("2023-01-31", "2024-01-31", 1))]
    assert [start.isoformat()[5:] for start in starts] == [
        "01-31", "02-28", "03-31", "04-30", "05-31", "06-30",
        "07-31", "08-31", "09-30", "10-31", "11-30", "12-31",
    ]  # fmt: skip


def test_29_february_yearly_is_28_in_a_common_year_and_29_again_in_a_leap_year() -> None:
    starts = [p.period_from for p in billing_periods(term("2024-02-29", "2029-02-28", 1, "yearly"))]
    assert starts == [
        day(f"{text}") for text in ("2024-02-29", "2025-02-28", "2026-02-28", "2027-02-28", "2028-02-29")
    ]


def test_an_anchor_after_the_effective_date_extends_the_grid_backwards() -> None:
    periods = billing_periods(term("2023-01-10", "2023-04-10", 1, anchor="2023-05-31"))
    assert [(p.period_from, p.period_to) for p in periods] == [
        (day("2023-01-10"), day("2023-01-31")),
        (day("2023-01-31"), day("2023-02-28")),
        (day("2023-02-28"), day("2023-03-31")),
        (day("2023-03-31"), day("2023-04-10")),
    ]
    assert periods[0].grid_from == day("2022-12-31")
    assert periods[-1].grid_to == day("2023-04-30")


def test_a_term_of_13_months_billed_yearly_has_a_partial_second_period() -> None:
    periods = billing_periods(term("2023-01-01", "2024-02-01", 1, "yearly"))
    assert [p.weight() for p in periods] == [1, Fraction(31, 366)]


# -------------------------------------------------------------------------------------------- amounts


def test_100_in_3_leaves_the_odd_cent_to_the_last() -> None:
    assert nets(term("2024-01-01", "2024-04-01", 100_00)) == [33_33, 33_33, 33_34]


def test_yen_are_split_without_minor_digits_and_dinars_with_three() -> None:
    assert nets(term("2024-01-01", "2024-04-01", 1000, place="JP", currency="JPY")) == [333, 333, 334]
    assert nets(term("2024-01-01", "2024-04-01", 10_000, place="KW", currency="KWD")) == [3_333, 3_333, 3_334]


def test_a_partial_first_and_last_period_are_weighed_by_days_of_their_own_grid_period() -> None:
    """16 of 31 January days, 11 whole months, 15 of 31 January days: W = 12, so a month is 100.00."""
    policy = term("2023-01-16", "2024-01-16", 1200_00, anchor="2023-02-01")
    assert nets(policy) == [51_61, *[100_00] * 11, 48_39]


def test_a_single_partial_period_costs_the_whole_premium() -> None:
    assert nets(term("2024-01-10", "2024-01-20", 77_77, "yearly")) == [77_77]


@pytest.mark.parametrize(
    ("premium_minor", "expected"),
    [
        # 200/365 = 0.55 rounds up: 364 > 200, so all are rounded down.
        (200, [0] * 364 + [200]),
        # 182/365 = 0.499 rounds to 0 by itself.
        (182, [0] * 364 + [182]),
        # 364/365 rounds up to exactly the premium: nothing is left for the last.
        (364, [1] * 364 + [0]),
        # 547/365 = 1.4986 rounds to 1.
        (547, [1] * 364 + [183]),
        # 548/365 = 1.501 rounds to 2: 728 > 548, so 1 each.
        (548, [1] * 364 + [184]),
    ],
)
def test_a_tiny_premium_over_a_daily_year_never_makes_a_negative_last(
    premium_minor: int, expected: list[int]
) -> None:
    assert nets(term("2023-01-01", "2024-01-01", premium_minor, "daily")) == expected


def test_an_installment_that_comes_to_nothing_is_recorded_with_its_reason() -> None:
    items = installments(term("2024-01-01", "2024-04-01", 1), "ES")
    assert [(item.net_minor, item.zero_code) for item in items] == [
        (0, "rounds_to_zero"),
        (0, "rounds_to_zero"),
        (1, None),
    ]


def test_a_premium_of_0_records_each_installment_as_zero_premium() -> None:
    items = installments(term("2024-01-01", "2024-04-01", 0), "ES")
    assert [item.zero_code for item in items] == ["zero_premium"] * 3


# ------------------------------------------------------------------------------------ early end of cover


def test_cover_that_ends_inside_a_period_bills_its_covered_days_and_nothing_after() -> None:
    """10 of 31 March days of 100.00 are 32.258."""
    items = installments(term("2023-01-01", "2024-01-01", 1200_00, cover_to="2023-03-11"), "ES")
    assert [item.net_minor for item in items] == [100_00, 100_00, 32_26]
    assert items[-1].planned_minor == 100_00
    assert items[-1].period_to == day("2023-04-01")
    assert items[-1].covered_to == day("2023-03-11")
    assert items[-1].count == 12


@pytest.mark.parametrize(
    ("cover_to", "expected"),
    [
        ("2023-02-28", [100_00, 96_43]),
        ("2023-03-01", [100_00, 100_00]),
        ("2023-03-02", [100_00, 100_00, 3_23]),
    ],
)
def test_an_end_on_the_border_bills_whole_periods_and_a_day_beside_it_bills_days(
    cover_to: str, expected: list[int]
) -> None:
    assert nets(term("2023-01-01", "2024-01-01", 1200_00, cover_to=cover_to)) == expected


@pytest.mark.parametrize("cover_to", ["2024-01-01", "2024-06-01"])
def test_an_end_of_cover_on_or_after_expiration_changes_nothing(cover_to: str) -> None:
    policy = term("2023-01-01", "2024-01-01", 1000_00, cover_to=cover_to)
    assert nets(policy) == nets(replace(policy, cover_to_date=None))


@pytest.mark.parametrize("cover_to", ["2022-06-01", "2023-01-01"])
@pytest.mark.parametrize("premium_minor", [1200_00, 0])
def test_no_cover_at_all_records_one_zero_with_period_and_due_date(cover_to: str, premium_minor: int) -> None:
    (item,) = installments(term("2023-01-01", "2024-01-01", premium_minor, cover_to=cover_to), "ES")
    assert (item.number, item.count, item.net_minor, item.zero_code) == (1, 12, 0, "no_cover")
    assert (item.period_from, item.due_date) == (day("2023-01-01"), day("2023-01-02"))


# ---------------------------------------------------------------------------------------------- dates


@pytest.mark.parametrize(
    ("place", "effective", "due"),
    [
        ("ES", "2023-12-06", "2023-12-07"),  # Constitution Day, a Wednesday
        ("ES", "2023-12-08", "2023-12-11"),  # Immaculate Conception, a Friday
        ("GB", "2021-12-25", "2021-12-29"),  # Saturday; substitute days on Monday and Tuesday
        ("GB", "2022-12-25", "2022-12-28"),  # Sunday; Boxing Day on Monday, substitute on Tuesday
        ("GB", "2023-01-01", "2023-01-03"),  # Sunday; substitute on Monday
        ("KW", "2024-05-10", "2024-05-12"),  # Friday, the weekend in Kuwait: Sunday is a working day
        ("ES", "2024-05-10", "2024-05-10"),  # the same Friday in Spain
        ("DE", "2023-10-03", "2023-10-04"),  # German Unity Day
        ("JP", "2024-05-03", "2024-05-07"),  # Friday of Golden Week; substitute on Monday
        ("US", "2023-07-04", "2023-07-05"),  # Independence Day
    ],
)
def test_a_due_date_on_a_closed_day_rolls_on_the_calendar_of_the_place(
    place: str, effective: str, due: str
) -> None:
    (item,) = installments(term(effective, "2024-12-01", 1_00, "yearly", place=place), "ES")[:1]
    assert item.nominal_due_date == day(effective)
    assert item.due_date == day(due)


@pytest.mark.parametrize(
    ("company", "billing"),
    [
        ("ES", "2023-11-10"),  # 11 November is a Saturday
        ("US", "2023-11-09"),  # and 10 November Veterans Day, observed
        ("KW", "2023-11-09"),  # and 10 November a Friday
        ("JP", "2023-11-10"),
    ],
)
def test_the_billing_date_is_the_lead_before_the_due_date_rolled_back_on_the_company_calendar(
    company: str, billing: str
) -> None:
    """8 December 2023 is a holiday in Spain: due on Monday 11 December, 30 days before is 11 November."""
    (item,) = installments(term("2023-12-08", "2024-12-08", 1_00, "yearly"), company)
    assert item.billing_date == day(billing)


def test_each_roll_rule_moves_a_closed_month_end_its_own_way() -> None:
    """30 June 2024 is a Sunday."""
    moved = [roll(day("2024-06-30"), rule.value, "ES") for rule in Roll]
    back, on = "06-28", "07-01"
    assert [f"{date_:%m-%d}" for date_ in moved] == ["06-30", on, back, back, back, back, on]


def test_the_cut_over_looks_at_the_nominal_due_date_not_the_rolled_one() -> None:
    """1 April 2023 is a Saturday, due on Monday the 3rd: billed elsewhere before the 2nd."""
    policy = term("2023-04-01", "2023-07-01", 3_00, cut_over="2023-04-02")
    assert [item.number for item in installments(policy, "ES")] == [2, 3]
    assert [item.number for item in installments(replace(policy, cut_over_date=day("2023-04-01")), "ES")] == [
        1,
        2,
        3,
    ]


def test_the_plan_row_is_the_one_valid_on_the_effective_date() -> None:
    old = PaymentPlan(
        plan_code="x", frequency_code="monthly", lead_days=5, valid_to=day("2023-06-01"), source="a test"
    )
    new = replace(old, lead_days=0, due_days=10, valid_from=day("2023-06-01"), valid_to=None)
    policy = term("2023-05-31", "2023-08-31", 3_00, "x")
    before = installments(policy, "ES", plans=(old, new))
    assert [(item.nominal_due_date - item.period_from).days for item in before] == [0, 0, 0]
    after = installments(replace(policy, effective_date=day("2023-06-01")), "ES", plans=(old, new))
    assert {(item.nominal_due_date - item.period_from).days for item in after} == {10}
    with pytest.raises(LookupError, match="0 rows"):
        installments(policy, "ES", plans=DEFAULT_PLANS)
