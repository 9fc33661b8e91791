"""A sum payable is explained by its row; what does not come to the record is a difference."""

from dataclasses import replace

import pytest

from billing_assets.domain.cash_rounding import CASH_CURRENCIES, CashRounding
from billing_assets.domain.explained_rounding import explain_rounding
from billing_assets.domain.explained_words import Subject
from billing_assets.domain.explanations import Explained
from billing_assets.domain.invoice_sources import CashUnitSource, InvoiceSources
from billing_assets.domain.sample_invoice import SAMPLE


def rounded(currency: str, total_minor: int, rounding_minor: int) -> InvoiceSources:
    """Return the sample as a document of that total, which says that it was rounded so."""
    row = CASH_CURRENCIES[currency]
    rounding = CashRounding(cash_unit_minor=row.cash_unit_minor, cash_rounding_minor=rounding_minor)
    invoice = replace(SAMPLE.invoice, currency=currency, total_minor=total_minor, rounding=rounding)
    return replace(SAMPLE, invoice=invoice, cash_unit=CashUnitSource(cash_unit_id=7, row=row))


def explained(currency: str, total_minor: int, rounding_minor: int) -> tuple[Explained, ...]:
    return explain_rounding(rounded(currency, total_minor, rounding_minor), total_minor)


@pytest.mark.parametrize(
    ("currency", "total", "expected"),
    [
        ("CHF", 43_22, -2),
        ("CHF", 43_23, 2),
        ("SEK", 43_50, 50),
        ("SEK", -50, -50),
        ("HUF", 43_20, -320 + 500),
    ],
)
def test_the_rounding_leads_to_the_nearest_multiple(currency: str, total: int, expected: int) -> None:
    payable, rounding = explained(currency, total, expected)
    assert (payable.subject, rounding.subject) == (Subject.PAYABLE, Subject.ROUNDING)
    assert (payable.result, rounding.result) == (total + expected, expected)
    assert payable.is_match
    assert rounding.is_match


def test_another_rounding_in_the_record_is_a_difference_of_both() -> None:
    assert [each.is_match for each in explained("CHF", 43_22, 3)] == [False, False]


def test_the_row_is_named_with_its_source() -> None:
    (row,) = explained("CHF", 43_22, -2)[0].rules
    assert (row.kind, row.code, row.row_id) == ("cash_unit", "CHF", 7)
    assert row.source == CASH_CURRENCIES["CHF"].source


def test_a_document_without_a_row_has_nothing_to_explain() -> None:
    assert explain_rounding(SAMPLE, 43_20) == ()
