"""Charge lines from the policy book to the credit note: each line comes to its charge, to the cent."""

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import text

from billing_assets.domain.credits import WantedCredit
from billing_assets.domain.invoices import Invoice
from billing_assets.feeds.mapping import mapping_from
from billing_assets.store.checks import run_checks
from billing_assets.store.connection import Database
from billing_assets.store.invoice_reader import find_invoice
from billing_assets.wiring.build import Billing
from billing_assets_tests.books import AT, billing_over
from billing_assets_tests.store.intake import COLUMNS, CONSTANTS, ROW, import_text, query, with_company

JANUARY, FEBRUARY = date(2025, 1, 1), date(2025, 2, 1)
CHARGES = {
    "liability": {
        "column": "liability",
        "name": "Third-party liability",
        "line_of_business": "motor_liability",
    },
    "own_damage": {"column": "damage", "name": "Own damage", "line_of_business": "motor_damage"},
    "legal": {"column": "legal", "name": "Legal expenses", "line_of_business": "legal_expenses"},
}
MAPPING = mapping_from(
    {
        "columns": COLUMNS,
        "constants": CONSTANTS | {"place_code": "FR", "payer_language": "en"},
        "charges": CHARGES,
    }
)
HEADER = (*ROW, "liability", "damage", "legal")
TERM = {"from": "2025-01-01", "to": "2026-01-01", "plan": "monthly"}


def split_book(*rows: dict[str, str]) -> str:
    lines = [",".join(HEADER)]
    for row in rows:
        full = {**ROW, **TERM, "liability": "", "damage": "", "legal": "", **row}
        lines.append(",".join(full[name] for name in HEADER))
    return "\n".join([*lines, ""])


A = {"no": "A", "premium": "458.45", "liability": "307.40", "damage": "121.15", "legal": "29.90"}
B = {
    "no": "B",
    "payer": "K2",
    "premium": "100.01",
    "liability": "80.00",
    "legal": "20.01",
    "plan": "quarterly",
}


@pytest.fixture
def billing(database: Database, tmp_path: Path) -> Iterator[Billing]:
    """Two French motor terms of several charges, billed from January on."""
    import_text(with_company(database), tmp_path, split_book(A, B), mapping=MAPPING)
    with ExitStack() as stack:
        yield billing_over(database, tmp_path, stack)


def invoice(database: Database, number: int) -> Invoice:
    with database.transaction() as connection:
        return find_invoice(connection, 1, f"INV-{number:08}")


def offenders(database: Database) -> dict[str, tuple[str, ...]]:
    with database.transaction() as connection:
        results = run_checks(connection, at=AT)
    return {result.check.check_id: result.examples for result in results if result.offender_count}


def bill_year(billing: Billing) -> None:
    for month in range(12):
        billing.invoice(billing.order(date(2025 + month // 12, month % 12 + 1, 2)))


def test_an_installment_is_what_the_plan_says_and_has_a_line_for_each_charge(
    database: Database, billing: Billing
) -> None:
    billing.invoice(billing.order(date(2025, 1, 2)))
    first = invoice(database, 1)
    assert [(line.charge_name, line.net_minor) for line in first.lines] == [
        ("Third-party liability", 25_61),
        ("Own damage", 10_10),
        ("Legal expenses", 2_49),
    ]
    assert first.net_minor == 38_20
    assert {tax.tax_code: tax.rate_ppm for tax in first.taxes}
    assert offenders(database) == {}


def test_over_the_term_each_line_comes_to_its_charge(database: Database, billing: Billing) -> None:
    bill_year(billing)
    sums = query(
        database,
        "select policy_number, charge_number, sum(net_minor)::int, count(*)::int from invoice_line "
        "join policy_term using (policy_term_id) join policy using (policy_id) group by 1, 2 order by 1, 2",
    )
    assert sums == [
        ("A", 1, 307_40, 12),
        ("A", 2, 121_15, 12),
        ("A", 3, 29_90, 12),
        ("B", 1, 80_00, 4),
        ("B", 3, 20_01, 4),
    ]
    totals = query(database, "select distinct net_minor from invoice order by 1")
    assert totals == [(25_00,), (25_01,), (38_20,), (38_25,)]
    assert offenders(database) == {}
