"""Invoices and taxes of the reference against cases computed by hand from the rules."""

from dataclasses import replace

import pytest

from billing_assets.domain.tax_rule import TaxRule
from billing_assets_tests.reference.cases import day, days, term
from billing_assets_tests.reference.invoices import invoices


def test_902_half_yearly_in_spain_is_451_with_8_and_0_15_percent() -> None:
    policy = term("2024-01-15", "2025-01-15", 902_00, "half_yearly")
    first, second = invoices(policy, "ES", days("2023-12-01", "2024-12-31"))
    assert [(tax.tax_code, tax.rate_ppm, tax.base_minor, tax.tax_minor) for tax in first.taxes] == [
        ("ES-CCS", 1_500, 451_00, 68),
        ("ES-IPS", 80_000, 451_00, 36_08),
    ]
    assert (first.net_minor, first.tax_minor, first.total_minor) == (451_00, 36_76, 487_76)
    assert (first.run_date, first.issue_date, first.due_date) == (
        day("2023-12-15"),
        day("2023-12-15"),
        day("2024-01-15"),
    )
    # 15 July 2024 is a Monday; 30 days before is Saturday 15 June.
    assert (second.run_date, second.due_date) == (day("2024-06-14"), day("2024-07-15"))
    assert second.total_minor == 487_76


@pytest.mark.parametrize(
    ("place", "line", "premium_minor", "tax_code", "tax_minor"),
    [
        ("DE", "motor", 50, "DE-VERSST", 10),  # 9.5 goes up
        ("DE", "liability", 100_05, "DE-VERSST", 19_01),  # 19.0095
        ("DE", "health", 100_05, "DE-EXEMPT", 0),
        ("GB", "motor", 104, "GB-IPT", 12),  # 12.48
        ("GB", "home", 12_50, "GB-IPT", 1_50),
        ("GB", "travel", 12_50, "GB-IPT", 2_50),
        ("JP", "motor", 1050, "JP-EXEMPT", 0),
        ("KW", "motor", 10_500, "KW-EXEMPT", 0),
        ("US", "motor", 99_99, "US-NONE", 0),
    ],
)
def test_one_tax_of_each_place_comes_to_the_hand_computed_amount(
    place: str, line: str, premium_minor: int, tax_code: str, tax_minor: int
) -> None:
    policy = term("2024-01-15", "2025-01-15", premium_minor, "yearly", place=place, line=line)
    (invoice,) = invoices(policy, "DE", days("2023-12-01", "2024-02-01"))
    (tax,) = invoice.taxes
    assert (tax.tax_code, tax.tax_minor, invoice.tax_minor) == (tax_code, tax_minor, tax_minor)
    assert invoice.total_minor == premium_minor + tax_minor


def test_a_daily_plan_bills_saturday_sunday_and_monday_together_and_shares_the_tax() -> None:
    """8 % of 1.07, 2.14, 3.21 is 8.56, 17.12, 25.68 cents: 9, 17, 26. 0.15 % is 0.16, 0.32, 0.48: nothing."""
    policy = term("2024-05-31", "2024-06-10", 10_70, "daily")
    first, second, *_ = invoices(policy, "ES", days("2024-05-01", "2024-06-30"))
    assert [line.installment_number for line in first.lines] == [1]
    assert [(line.installment_number, line.net_minor, line.tax_minor) for line in second.lines] == [
        (2, 1_07, 9),
        (3, 1_07, 8),
        (4, 1_07, 9),
    ]
    assert second.run_date == second.due_date == day("2024-06-03")
    assert [(tax.base_minor, tax.tax_minor) for tax in second.taxes] == [(3_21, 0), (3_21, 26)]


def test_three_lines_across_a_rate_change_are_taxed_in_two_groups() -> None:
    """Saturday at 8 %: 8.56 -> 9. Sunday and Monday at 10 %: 10.7 -> 11, then 21.4 -> 21, so 10."""
    old = TaxRule(
        tax_code="T", place_code="ES", line_of_business="*", rate_ppm=80_000,
        valid_from=day("2020-01-01"), valid_to=day("2024-06-02"), source="a test",
    )  # fmt: skip
    new = replace(old, rate_ppm=100_000, valid_from=day("2024-06-02"), valid_to=None)
    policy = term("2024-06-01", "2024-06-11", 10_70, "daily")
    first, *_ = invoices(policy, "ES", days("2024-05-01", "2024-06-30"), tax_rules=[new, old])
    assert [line.tax_minor for line in first.lines] == [9, 11, 10]
    assert [(tax.rate_ppm, tax.base_minor, tax.tax_minor) for tax in first.taxes] == [
        (80_000, 1_07, 9),
        (100_000, 2_14, 21),
    ]
    assert first.tax_minor == 30


def test_a_line_without_a_tax_row_fails_its_invoice_and_no_other() -> None:
    rule = TaxRule(
        tax_code="T", place_code="ES", line_of_business="*", rate_ppm=80_000,
        valid_from=day("2024-02-01"), source="a test",
    )  # fmt: skip
    made = invoices(
        term("2024-01-01", "2024-03-01", 2_00), "ES", days("2023-12-01", "2024-03-01"), tax_rules=[rule]
    )
    assert [(invoice.problem_code, invoice.total_minor) for invoice in made] == [
        ("no_tax_rule", 1_00),
        ("", 1_08),
    ]


def test_a_missed_installment_is_caught_by_the_next_open_run_and_printed_with_a_due_date_to_come() -> None:
    """3 June 2023 is a Saturday: nothing happens. On Monday six missed months stand on six invoices."""
    policy = term("2023-01-01", "2024-01-01", 12_00)
    made = invoices(policy, "ES", [day("2023-06-05"), day("2023-06-03")])
    assert [line.installment_number for invoice in made for line in invoice.lines] == [1, 2, 3, 4, 5, 6]
    assert {(invoice.run_date, invoice.due_date) for invoice in made} == {
        (day("2023-06-05"), day("2023-06-19"))
    }
    assert made[0].planned_due_date == day("2023-01-02")


def test_the_due_date_printed_for_a_past_one_rolls_on_the_calendar_of_the_place() -> None:
    """28 August 2023, 14 days after the run, is the late summer bank holiday in England, not in Spain."""
    policy = term("2023-08-01", "2023-09-01", 12_00, place="GB", currency="GBP")
    (invoice,) = invoices(policy, "ES", [day("2023-08-14")])
    assert (invoice.issue_date, invoice.due_date) == (day("2023-08-14"), day("2023-08-29"))


def test_a_due_date_that_leaves_exactly_the_promised_days_is_printed_as_planned() -> None:
    policy = term("2023-08-28", "2024-08-28", 12_00, "yearly")
    for run_date, due_date in (("2023-08-14", "2023-08-28"), ("2023-08-16", "2023-08-30")):
        (invoice,) = invoices(policy, "ES", [day(run_date)])
        assert invoice.due_date == day(due_date)


def test_zero_installments_stand_on_no_invoice() -> None:
    made = invoices(term("2024-01-01", "2024-04-01", 1), "ES", days("2023-12-01", "2024-04-30"))
    assert [[line.installment_number for line in invoice.lines] for invoice in made] == [[3]]
