"""Each line has a tax by the row that fell on it when the invoice was issued."""

from dataclasses import replace
from datetime import date

from billing_assets.domain.explained_tax_rows import contains_tax, falls_on_lines, tax_point, tax_row
from billing_assets.domain.invoice_sources import LineSource
from billing_assets.domain.tax_rule import TaxPoint
from billing_assets_tests.domain.sources import line, sources, tax, term


def motor(day: date = date(2024, 1, 1)) -> LineSource:
    return line(net_minor=1_00, period=(day, date(2024, 12, 31)))


def test_a_row_that_names_the_line_of_business_replaces_the_others() -> None:
    named, general = tax(1, line_of_business="motor"), tax(2)
    assert [each.tax_number for _, each in falls_on_lines(sources([motor()], [named, general]))][:1] == [1]


def test_a_row_that_was_ended_since_still_falls_on_its_line() -> None:
    ended = tax(1, valid_to=date(2023, 12, 1))
    assert len(falls_on_lines(sources([motor()], [ended]))) == 1


def test_the_day_of_the_term_decides_where_the_row_says_so() -> None:
    source = line(term=term(effective_date=date(2023, 5, 1)))
    days = [tax_point(tax(tax_point=point), source) for point in (TaxPoint.TERM, TaxPoint.PERIOD)]
    assert days == [date(2023, 5, 1), date(2024, 1, 1)]


def test_a_line_has_the_row_of_its_own_line_of_business_and_day() -> None:
    """Three rows of one tax: of motor, of home until March, and of home from then on."""
    of_home = (
        tax(line_of_business="home", valid_to=date(2024, 3, 1)).rule,
        tax(line_of_business="home", valid_from=date(2024, 3, 1)).rule,
    )
    group = replace(tax(line_of_business="motor"), others=((102, of_home[0]), (103, of_home[1])))
    home = term(line_of_business="home")
    days = (date(2024, 2, 1), date(2024, 3, 1))
    lines = [motor(), *(replace(motor(day), term=home) for day in days)]
    found = falls_on_lines(sources(lines, [group]))
    assert [(each.tax_number, each.tax_rule_id) for _, each in found] == [(1, 101), (1, 102), (1, 103)]


def test_a_line_that_no_row_of_a_tax_falls_on_does_not_have_it() -> None:
    """The row of home replaces those for any line, of other taxes too."""
    named = replace(tax(1), others=((111, tax(1, line_of_business="home").rule),))
    home = replace(motor(), term=term(line_of_business="home"))
    found = falls_on_lines(sources([motor(), home], [named, tax(2)]))
    assert [each.tax_rule_id for _, each in found] == [101, 102, 111]


def test_a_price_contains_a_tax_where_its_row_says_so_and_a_row_is_told_with_its_source() -> None:
    own = motor()
    assert [contains_tax(sources([own], [tax(is_inclusive=each)]), own) for each in (True, False)] == [
        True,
        False,
    ]
    assert (tax_row(tax()).row_id, tax_row(tax()).source) == (101, "Act 1")
