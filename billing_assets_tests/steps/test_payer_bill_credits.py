"""What is given back of a bill of a payer: fixed amounts of terms and of the document, beside other policies.

Belongs here: credit notes of bills with several policies that need tax rows of their own.
Does not belong here: the way from the book to the bill (``test_bills_per_payer``).
"""

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import text

from billing_assets.domain.credits import WantedCredit
from billing_assets.store.connection import Database
from billing_assets.wiring.build import Billing
from billing_assets_tests.books import billing_over
from billing_assets_tests.changes import broken, change_row, explained, import_changes
from billing_assets_tests.steps.test_bills_per_payer import (
    BEGUN,
    FEBRUARY,
    JANUARY,
    MARCH,
    TERM,
    billed,
    differing,
    fleet_plan,
    invoice,
    run,
)
from billing_assets_tests.store.intake import book, import_text, with_company

STAMPS = """
insert into tax_rule (tax_code, place_code, line_of_business, category_code, rate_ppm, exemption_reason,
    valid_from, source, charge_kinds, basis, amount_minor, currency)
values ('STAMP', 'ES', '*', 'S', 0, '', '1990-01-01', 'a test', 'premium', 'document', 100, 'EUR'),
    ('ONCE', 'ES', '*', 'S', 0, '', '1990-01-01', 'a test', 'premium', 'term', 650, 'EUR')
"""


@pytest.fixture
def billing(database: Database, tmp_path: Path) -> Iterator[Billing]:
    """Two policies of a payer on one bill; each document bears a stamp, each term an amount due once."""
    fleet_plan(with_company(database))
    with database.transaction() as connection:
        connection.execute(text(STAMPS))
    rows = [TERM | {"no": policy, "payer": "K1", "premium": "120.00"} for policy in ("A1", "A2")]
    import_text(database, tmp_path, book(*rows))
    with ExitStack() as stack:
        yield billing_over(database, tmp_path, stack)


def fixed_amounts(billing: Billing, number: str) -> dict[str, tuple[int, int]]:
    taxes = invoice(billing.database, number).taxes
    return {
        tax.tax_code: (tax.base_minor, tax.tax_minor) for tax in taxes if tax.tax_code in {"STAMP", "ONCE"}
    }


def cancel(billing: Billing, folder: Path, policy: str, day: date) -> str:
    """Cancel a policy from its beginning, bill the day, and return the note of the bill of January."""
    import_changes(
        billing, folder, change_row(policy, 1, "cancellation", BEGUN, method="flat", effective=BEGUN)
    )
    run(billing, day)
    return billed(billing, day, "credit_note")[0][0]


@pytest.mark.long
@pytest.mark.parametrize("order", [("A1", "A2"), ("A2", "A1")])
def test_an_amount_of_a_term_comes_back_with_it_and_one_of_the_document_with_the_last(
    billing: Billing, tmp_path: Path, order: tuple[str, str]
) -> None:
    run(billing, JANUARY)
    ((number, _),) = billed(billing, JANUARY)
    assert fixed_amounts(billing, number) == {"STAMP": (10_00, 1_00), "ONCE": (20_00, 13_00)}
    first, second = (
        cancel(billing, tmp_path, policy, day) for policy, day in zip(order, (FEBRUARY, MARCH), strict=True)
    )
    assert fixed_amounts(billing, first) == {"ONCE": (10_00, 6_50)}
    assert fixed_amounts(billing, second) == {"STAMP": (10_00, 1_00), "ONCE": (10_00, 6_50)}
    explained(billing)
    assert broken(billing) == {}
    assert differing(billing, JANUARY, MARCH) == 0


@pytest.mark.long
def test_a_note_names_the_change_though_another_policy_stands_first(billing: Billing, tmp_path: Path) -> None:
    """The stamp stood on the line of A1, which a person gave back; A1 has no change that could be named."""
    run(billing, JANUARY)
    ((number, _),) = billed(billing, JANUARY)
    wanted = WantedCredit(invoice_number=number, line_number=1)
    billing.credit(
        billing.credit_order(
            [wanted], reason="the car was sold", approved_by="ana", billing_date=date(2025, 1, 20)
        )
    )
    note = invoice(billing.database, cancel(billing, tmp_path, "A2", MARCH))
    assert [(line.policy_number, line.net_minor) for line in note.lines] == [("A1", 0), ("A2", 10_00)]
    assert note.credited is not None
    assert note.credited.reason == "cancellation 2025-01-01 (1)"
    explained(billing)
    assert broken(billing) == {}
    assert differing(billing, JANUARY, MARCH) == 0
