"""A line's installment, period and price are worked out from its term and its plan row."""

from dataclasses import replace
from datetime import date
from fractions import Fraction

from billing_assets.domain.billing_grids import Calendars, cycle_grid, grid_of
from billing_assets.domain.explained_installments import _term_row, explain_installment
from billing_assets.domain.explained_words import Formula, Rounding, Subject
from billing_assets.domain.explanations import Explained
from billing_assets.domain.frequencies import FREQUENCIES, Frequency
from billing_assets.domain.invoice_sources import BilledTerm
from billing_assets_tests.domain.sources import line, term


def weekend_or_new_year(_place: str, day: date) -> bool:
    return day.isoweekday() >= 6 or (day.month, day.day) == (1, 1)


def no_pattern(frequency: Frequency, *_rest: object) -> object:
    raise AssertionError(f"{frequency.frequency_code} is a cycle")


CALENDARS = Calendars(
    is_due_closed=weekend_or_new_year,
    is_generate_closed=weekend_or_new_year,
    pattern_grid=no_pattern,  # type: ignore[arg-type]
)


def by_subject(results: tuple[Explained, ...]) -> dict[Subject, Explained]:
    return {each.subject: each for each in results}


def test_equal_parts_are_a_division() -> None:
    results = explain_installment(line(), CALENDARS, price_contains_tax=False)
    assert [each.subject for each in results] == [Subject.COUNT, Subject.PERIOD, Subject.NET]
    assert (results[-1].formula, results[-1].result) == (Formula.EQUAL_SHARE, 40_00)
    assert all(each.is_match for each in results)


def test_a_shorter_first_period_weighs_its_days() -> None:
    """16 of 31 days, then 2 whole months: 480 x 16/31 / (16/31 + 2)."""
    short = term(
        effective_date=date(2024, 1, 16), expiration_date=date(2024, 4, 1), anchor_date=date(2024, 1, 1)
    )
    source = line(term=short, count=3, net_minor=98_46, period=(date(2024, 1, 16), date(2024, 2, 1)))
    net = explain_installment(source, CALENDARS, price_contains_tax=False)[-1]
    assert (net.formula, net.exact) == (Formula.WEIGHTED_SHARE, Fraction(48_000 * 16, 16 + 62))
    assert net.is_match


def test_the_last_installment_is_the_rest() -> None:
    thirds = term(expiration_date=date(2024, 4, 1), premium_minor=100_00)
    source = line(
        term=thirds, count=3, installment=3, net_minor=33_34, period=(date(2024, 3, 1), date(2024, 4, 1))
    )
    found = by_subject(explain_installment(source, CALENDARS, price_contains_tax=False))
    assert (found[Subject.FIRST_SHARE].result, found[Subject.MIDDLE_SHARE].result) == (33_33, 33_33)
    assert (found[Subject.NET].result, found[Subject.NET].is_match) == (33_34, True)


def test_parts_that_would_exceed_the_premium_are_rounded_down() -> None:
    tiny = term(premium_minor=2_00)
    source = line(term=tiny, plan="daily", count=366, net_minor=0, period=(tiny.effective_date,) * 2)
    net = explain_installment(source, CALENDARS, price_contains_tax=False)[-1]
    assert (net.rounding, net.result) == (Rounding.DOWN, 0)


def test_only_days_with_cover_are_billed() -> None:
    ended = term(cover_to_date=date(2024, 1, 11))
    source = line(term=ended, net_minor=12_90, period=(date(2024, 1, 1), date(2024, 1, 11)))
    found = by_subject(explain_installment(source, CALENDARS, price_contains_tax=False))
    assert found[Subject.PLANNED].recorded is None
    assert (found[Subject.NET].exact, found[Subject.NET].result) == (Fraction(40_00 * 10, 31), 12_90)
    assert found[Subject.PERIOD].is_match


def test_a_price_with_tax_is_compared_with_the_charge() -> None:
    source = line(net_minor=37_04, contained_tax_minor=2_96)
    price = explain_installment(source, CALENDARS, price_contains_tax=True)[-1]
    assert (price.subject, price.recorded, price.is_match) == (Subject.PRICE, 40_00, True)


def test_a_pattern_asks_its_calendar() -> None:
    cycle = cycle_grid(FREQUENCIES["monthly"], term(), 1)

    def pattern(frequency: Frequency, _term: BilledTerm, _number: int) -> object:
        assert frequency.frequency_code == "first_of_month"
        return cycle

    calendars = replace(CALENDARS, pattern_grid=pattern)  # type: ignore[arg-type]
    source = line(plan="first_of_month")
    assert grid_of(source, calendars) is cycle
    count, period, _ = explain_installment(source, calendars, price_contains_tax=False)
    assert (count.formula, period.formula) == (Formula.PATTERN_COUNT, Formula.PATTERN_PERIOD)
    assert period.is_match


def test_rows_say_where_they_come_from() -> None:
    assert (_term_row(line()).row_id, _term_row(line()).source) == (9, "book.csv")
