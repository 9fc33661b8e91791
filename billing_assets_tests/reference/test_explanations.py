"""Every invoice of a random book is explained, and every amount and date comes to what was recorded.

The book is that of `test_store_agreement`: several places, currencies and plans, with file, store and runs.
"""

from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy import text

from billing_assets.domain.explained_documents import explain_invoice
from billing_assets.domain.explained_words import Formula, Subject
from billing_assets.store.closed_days import read_closed_days
from billing_assets.store.invoice_sources import read_invoice_sources
from billing_assets.wiring.build import Billing
from billing_assets.wiring.explanations import calendars_of
from billing_assets_tests.reference.test_store_agreement import agree, billing

__all__ = ["billing"]

CHANGED = {
    *(Formula.FIRST_PREMIUM, Formula.ENDORSED_PART, Formula.OWED_OF_PART, Formula.STILL_TO_BILL),
    *(Formula.TO_TAKE_OFF, Formula.WHOLE_DIFFERENCE, Formula.SHARE_OF_DIFFERENCE, Formula.AT_ONCE),
    *(Formula.OPEN_OF_PERIOD, Formula.OPEN_OF_COVERED_PERIOD, Formula.REST_OF_DIFFERENCE),
    *(Formula.LAPSED_DAYS, Formula.LAPSED_IN_PERIOD, Formula.NOT_EARNED, Formula.PART_OF_RETURN),
    *(Formula.EARNED_BY_DAYS, Formula.EARNED_BY_MONTHS_OF_30, Formula.EARNED_BY_DAY_SCALE),
    *(Formula.EARNED_BY_MONTH_SCALE, Formula.FLAT, Formula.COVER_NOT_BEGUN, Formula.COVER_TO_THE_END),
    *(Formula.REDUCTION, Formula.TAKEN_FROM_PART, Formula.OWN_REDUCTION),
    *(Formula.GIVEN_BACK, Formula.GIVEN_OF_INVOICE, Formula.GIVEN_OF_LINE, Formula.WHOLE_LINE_GIVEN),
    Formula.CHANGE_PERIOD,
}
"""What explains changes in the middle of a term (`test_changed_store`)."""

NUMBERS = """
select document_number(prefix, invoice_number) from invoice join number_series using (number_series_id)
order by invoice_id
"""


def explain_all(billing: Billing) -> Counter[str]:
    """Return how often each formula explained something and each currency was billed; nothing may differ."""
    found: Counter[str] = Counter()
    with billing.database.transaction() as connection:
        for number in connection.execute(text(NUMBERS)).scalars().all():
            sources = read_invoice_sources(connection, 1, number)
            closed = read_closed_days(connection, 1, sources.issue.closed_day_id)
            explanation = explain_invoice(sources, calendars_of(closed))
            assert [(number, each) for each in explanation.differences] == []
            found.update(each.formula.value for each in explanation.results)
            found.update({explanation.currency: 1})
            compared = {each.subject for each in explanation.results if each.recorded is not None}
            assert compared >= {Subject.NET, Subject.LINE_TAX, Subject.TOTAL, Subject.DUE_DATE}
    return found


@pytest.mark.long
def test_every_invoice_of_30_policies_is_explained(billing: Billing, tmp_path: Path) -> None:
    agree(billing, tmp_path, seed=51, count=30)
    assert explain_all(billing)[Formula.NEXT_NUMBER.value] > 30


@pytest.mark.slow
def test_every_invoice_of_400_policies_is_explained(billing: Billing, tmp_path: Path) -> None:
    agree(billing, tmp_path, seed=52, count=400)
    found = explain_all(billing)
    # No shipped price contains tax, this company rounds no sum, no term has changes, several charges or
    # several payers.
    not_here = {Formula.PART_OF_PRICE, Formula.PRICE_LESS_TAXES, Formula.NEAREST_CASH, Formula.BEYOND_TOTAL}
    not_here |= {*CHANGED, Formula.CHARGE_SHARE, Formula.PAYER_SHARE}
    assert {each.value for each in Formula if each not in not_here} <= set(found)
    assert {"EUR", "GBP", "JPY", "KWD", "USD"} <= set(found)
