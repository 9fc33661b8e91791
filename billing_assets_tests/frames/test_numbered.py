"""Numbered documents, and the rows that the store takes."""

from datetime import date

import polars as pl
import pytest

from billing_assets.domain.numbering import NUMBER_DIGITS, document_number
from billing_assets.frames.columns import DUE_SCHEMA
from billing_assets.frames.invoices import Drafts, draft_invoices
from billing_assets.frames.numbered import (
    Heading,
    charge_rows,
    invoice_rows,
    line_rows,
    number_drafts,
    tax_rows,
)
from billing_assets_tests.frames.rows import TAX_RULES, due, plan, plans, term

IDS = pl.Series("invoice_id", [501, 502])


def drafts_of(*rows: dict[str, object]) -> Drafts:
    return draft_invoices(due(*rows), TAX_RULES)


TWO = drafts_of(
    term("2024-01-01", "2025-01-01", 902_00, plan_code="half_yearly"),
    term("2024-01-01", "2025-01-01", 0, plan_code="yearly", policy_number="P-2", policy_term_id=2),
)


def numbered(drafts: Drafts, first_number: int = 41, issue_date: date = date(2023, 12, 1)) -> pl.DataFrame:
    heading = Heading(
        prefix="INV-",
        first_number=first_number,
        issue_date=issue_date,
        company_id=3,
        company_sha256="c",
        template_sha256="d",
    )
    return number_drafts(drafts, heading)


def test_numbers_follow_each_other_in_the_order_of_the_drafts() -> None:
    heads = numbered(TWO)
    assert heads.select("invoice_number", "document_number", "issue_date").rows() == [
        (41, "INV-00000041", date(2023, 12, 1)),
        (42, "INV-00000042", date(2023, 12, 1)),
    ]


@pytest.mark.parametrize("first", [1, 10**NUMBER_DIGITS - 2, 10**NUMBER_DIGITS])
def test_a_number_in_the_frozen_record_is_the_printed_one(first: int) -> None:
    printed = [document_number("INV-", number) for number in (first, first + 1)]
    assert numbered(TWO, first)["document_number"].to_list() == printed


@pytest.mark.parametrize(
    ("issue_date", "expected"),
    [
        (date(2023, 12, 1), [date(2024, 1, 2), date(2024, 7, 1)]),
        (date(2024, 1, 2), [date(2024, 1, 2), date(2024, 7, 1)]),
        (date(2024, 1, 3), [date(2024, 1, 3), date(2024, 7, 1)]),
        (date(2024, 8, 15), [date(2024, 8, 16), date(2024, 8, 16)]),
    ],
)
def test_a_due_date_that_is_past_becomes_the_next_open_day_from_the_issue_date(
    issue_date: date, expected: list[date]
) -> None:
    assert numbered(TWO, issue_date=issue_date)["due_date"].to_list() == expected


@pytest.mark.parametrize(
    ("issue_date", "expected"),
    [
        # Tuesday 2 January 2024 is the planned due date; Sunday 31 December is 14 days after the 17th.
        (date(2023, 12, 17), date(2024, 1, 2)),
        (date(2023, 12, 19), date(2024, 1, 2)),
        (date(2023, 12, 20), date(2024, 1, 3)),
        (date(2024, 1, 2), date(2024, 1, 16)),
        # The 14th day is Sunday 12 May.
        (date(2024, 4, 28), date(2024, 5, 13)),
    ],
)
def test_a_late_invoice_leaves_the_days_to_pay_that_the_plan_promises(
    issue_date: date, expected: date
) -> None:
    rule = plans(plan("yearly", minimum_payment_days=14))
    drafts = draft_invoices(
        due(term("2024-01-01", "2025-01-01", plan_code="yearly"), plan_rows=rule), TAX_RULES
    )
    assert numbered(drafts, issue_date=issue_date)["due_date"].to_list() == [expected]


def test_each_plan_of_a_run_leaves_its_own_days_to_pay() -> None:
    rules = plans(plan("yearly", minimum_payment_days=14), plan("half_yearly", minimum_payment_days=0))
    rows = (
        term("2024-01-01", "2025-01-01", plan_code="half_yearly", expiration_date=date(2024, 6, 1)),
        term("2024-01-01", "2025-01-01", plan_code="yearly", policy_number="P-2", policy_term_id=2),
    )
    drafts = draft_invoices(due(*rows, plan_rows=rules), TAX_RULES)
    heads = numbered(drafts, issue_date=date(2024, 2, 1))
    assert heads["due_date"].to_list() == [date(2024, 2, 1), date(2024, 2, 15)]


def test_the_hash_covers_the_number_the_dates_and_the_company() -> None:
    hashes = {numbered(TWO)["snapshot_sha256"][0], numbered(TWO, 42)["snapshot_sha256"][0]}
    hashes.add(numbered(TWO, issue_date=date(2023, 12, 4))["snapshot_sha256"][0])
    assert len(hashes) == 3
    assert all(len(text) == 64 for text in hashes)


def test_invoice_rows_carry_their_ids_and_versions() -> None:
    rows = invoice_rows(
        numbered(TWO), IDS, run_id=9, number_series_id=2, company_version_id=4, template_version_id=5
    )
    assert rows["invoice_id"].to_list() == [501, 502]
    constants = rows.select(
        "company_id", "run_id", "number_series_id", "company_version_id", "template_version_id"
    )
    assert constants.unique().rows() == [(3, 9, 2, 4, 5)]
    assert rows["total_minor"].to_list() == [487_76, 487_76]


def test_lines_name_their_plan_row_and_invoices_the_format_of_their_record() -> None:
    assert line_rows(TWO, IDS, company_id=3)["payment_plan_id"].to_list() == [1, 1]
    assert numbered(TWO)["record_format"].to_list() == [3, 3]


def test_lines_and_taxes_point_to_their_invoice() -> None:
    lines = line_rows(TWO, IDS, company_id=3)
    assert lines.select(
        "invoice_id", "line_number", "installment_number", "net_minor", "tax_minor"
    ).rows() == [
        (501, 1, 1, 451_00, 36_76),
        (502, 1, 2, 451_00, 36_76),
    ]
    taxes = tax_rows(TWO, IDS, company_id=3)
    assert taxes.select("invoice_id", "tax_number", "base_minor", "tax_minor").rows() == [
        (501, 1, 451_00, 68),
        (501, 2, 451_00, 36_08),
        (502, 1, 451_00, 68),
        (502, 2, 451_00, 36_08),
    ]


def test_every_charge_is_recorded_and_only_invoiced_ones_point_to_an_invoice() -> None:
    rows = charge_rows(TWO, IDS, run_id=9, company_id=3)
    found = rows.select("policy_term_id", "installment_number", "outcome", "reason_code", "invoice_id").rows()
    assert found == [
        (1, 1, "invoiced", None, 501),
        (1, 2, "invoiced", None, 502),
        (2, 1, "zero", "zero_premium", None),
    ]


def test_charges_without_any_invoice_are_recorded_too() -> None:
    drafts = drafts_of(term("2024-01-01", "2025-01-01", 0, plan_code="yearly"))
    none = pl.Series("invoice_id", [], dtype=pl.Int64)
    assert charge_rows(drafts, none, run_id=9, company_id=3)["invoice_id"].to_list() == [None]


def test_no_drafts_make_no_rows() -> None:
    drafts = draft_invoices(pl.DataFrame(schema=DUE_SCHEMA), TAX_RULES)
    assert numbered(drafts).height == 0
