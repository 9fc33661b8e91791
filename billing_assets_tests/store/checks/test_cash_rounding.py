"""Sums payable in a sound store break no check; each planted violation is named by its own."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import IntegrityError

from billing_assets.domain.credits import WantedCredit
from billing_assets.store.companies import save_company
from billing_assets_tests.books import AT, COMPANY, billing_over
from billing_assets_tests.databases import copied_database, url_of
from billing_assets_tests.store.checks.conftest import FEBRUARY, MARCH, broken, planted
from billing_assets_tests.store.intake import book, import_text

# In a store where INV-00000001 of 108.18 CHF is payable by 108.20, and CRN-00000001 gives it back.
UNGUARDED = "alter table invoice drop constraint invoice_cash_rounding_check; "
FRANC = "(select cash_unit_id from cash_unit where currency = 'CHF')"
CASH_PLANTS: list[tuple[str, set[str], str]] = [
    (
        "update invoice set cash_rounding_minor = -3 where invoice_number = 1 and document_kind = 'invoice'",
        {"I06", "I09", "I19"},
        "INV-00000001: its sum payable is not the nearest multiple of its cash unit",
    ),
    (
        "update invoice set cash_rounding_minor = 2 where invoice_number = 2",
        {"I06", "I19"},
        "INV-00000002: its sum payable is rounded, and no cash unit says so",
    ),
    (
        (
            f"update invoice set cash_unit_id = {FRANC}, cash_unit_minor = 5, cash_rounding_minor = 2, "
            "record_format = 5 where invoice_number = 2"
        ),
        {"I06", "I09", "I19"},
        "INV-00000002: its cash unit is not that of a row of its currency",
    ),
    (
        "update cash_unit set cash_unit_minor = 10 where currency = 'CHF'",
        set(),
        "INV-00000001: its cash unit is not that of a row of its currency",
    ),
    (
        "update cash_unit set valid_from = '2024-03-01' where currency = 'CHF'",
        set(),
        "INV-00000001: its cash unit is not that of a row of its currency",
    ),
    (
        (
            "update invoice set cash_unit_id = null, cash_unit_minor = 0, cash_rounding_minor = 0, "
            "record_format = 3 where invoice_number = 1 and document_kind = 'invoice'"
        ),
        {"I06", "I09", "I19"},
        "INV-00000001: it is not rounded, and its company rounds its currency",
    ),
    (
        (
            "update invoice set company_version_id = (select min(company_version_id) from company_version) "
            "where invoice_number = 1 and document_kind = 'invoice'"
        ),
        {"I09"},
        "INV-00000001: it is rounded, and its company does not round its currency",
    ),
    (
        (
            "update invoice set cash_unit_id = null, cash_unit_minor = 0, cash_rounding_minor = 0, "
            "record_format = 4 where document_kind = 'credit_note'"
        ),
        {"I06", "I09", "I19"},
        "CRN-00000001: it goes by another cash unit than the invoice that it credits",
    ),
]


@pytest.fixture(scope="module")
def store_url(
    server_url: str, template_database: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """Superuser's URL of a store with invoices in francs and euros and a credit note; tests roll back."""
    name = f"{template_database}_cash"
    with copied_database(server_url, template_database, name) as database:
        with ExitStack() as stack:
            with database.transaction() as connection:
                save_company(connection, COMPANY, AT)
                save_company(connection, replace(COMPANY, cash_rounding=("CHF",)), AT)
            row = {"premium": "100.03", "plan": "yearly", "from": "2024-02-01", "to": "2025-02-01"}
            rows = (row | {"no": "A", "currency": "CHF"}, row | {"no": "B"})
            home = tmp_path_factory.mktemp("home")
            import_text(database, home, book(*rows))
            billing = billing_over(database, home, stack)
            billing.invoice(billing.order(FEBRUARY))
            wanted = (WantedCredit(invoice_number="INV-00000001"),)
            billing.credit(billing.credit_order(wanted, reason="sold", approved_by="ana", billing_date=MARCH))
        yield url_of(server_url, name)


@pytest.mark.parametrize("day", [None, FEBRUARY, MARCH])
def test_a_sound_store_with_cash_rounding_has_no_offender(superuser: Engine, day: date | None) -> None:
    with planted(superuser) as connection:
        assert broken(connection, day) == {}


@pytest.mark.parametrize(("statement", "others", "name"), CASH_PLANTS)
def test_a_planted_violation_is_named_by_i23(
    superuser: Engine, statement: str, others: set[str], name: str
) -> None:
    with superuser.connect() as connection, connection.begin() as transaction:
        connection.execute(text(UNGUARDED))
        connection.execute(text("set local session_replication_role = replica"))
        assert connection.execute(text(statement)).rowcount
        connection.execute(text("set local session_replication_role = origin"))
        connection.execute(text("set local role billing_app"))
        found = broken(connection)
        transaction.rollback()
    assert set(found) == {"I23", *others}
    assert name in found["I23"].examples


@pytest.mark.parametrize(
    "change",
    [
        "cash_rounding_minor = 3",
        "cash_rounding_minor = 7",
        "cash_unit_minor = 0, cash_rounding_minor = 0",
        "cash_unit_id = null",
        "record_format = 3",
    ],
)
def test_the_store_itself_refuses_a_sum_that_cannot_be_paid_in_cash(superuser: Engine, change: str) -> None:
    with (
        pytest.raises(IntegrityError, match="invoice_cash_rounding_check"),
        planted(superuser, f"update invoice set {change} where invoice_number = 1 and credit_reason is null"),
    ):
        pass
