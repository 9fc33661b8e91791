"""An invoice is read with the rows that it points to, and an older one without a plan row too."""

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import text

from billing_assets.domain.credits import WantedCredit
from billing_assets.domain.errors import BillingError
from billing_assets.domain.invoice_sources import InvoiceSources
from billing_assets.store.connection import Database, make_engine
from billing_assets.store.invoice_sources import read_credit_sources, read_invoice_sources
from billing_assets_tests.books import billing_over, change_premium, fill_book
from billing_assets_tests.changes import change_row, import_changes
from billing_assets_tests.databases import url_of


@pytest.fixture
def issued(database: Database, tmp_path: Path) -> Iterator[Database]:
    fill_book(database, 3)
    with ExitStack() as stack:
        billing = billing_over(database, tmp_path, stack)
        billing.invoice(billing.order(date(2024, 2, 1)))
        yield database


def read(database: Database, number: str = "INV-00000001") -> InvoiceSources:
    with database.transaction() as connection:
        return read_invoice_sources(connection, 1, number)


def test_a_line_comes_with_its_term_its_plan_row_and_its_charge(issued: Database) -> None:
    change_premium(issued, 1, 77_777)
    found = read(issued)
    (source,) = found.lines
    assert (source.term.premium_minor, source.plan.plan_code) == (50_001, "yearly")
    assert (source.term.file_name, source.plan.minimum_payment_days) == ("made.csv", 14)
    assert source.charge_net_minor == source.line.net_minor == 50_001
    assert [tax.rule.tax_code for tax in found.taxes] == ["ES-CCS", "ES-IPS"]


def test_the_number_before_it_and_its_run_come_too(issued: Database) -> None:
    first, second = read(issued), read(issued, "INV-00000002")
    assert first.issue.previous_issue_date is None
    assert second.issue.previous_issue_date == first.invoice.issue_date
    assert (second.issue.prefix, second.issue.number, second.issue.company_place_code) == ("INV-", 2, "ES")


def test_an_invoice_of_format_1_names_no_plan_row_and_takes_the_one_of_its_day(
    issued: Database, server_url: str
) -> None:
    engine = make_engine(url_of(server_url, issued.engine.url.database or ""), "postgres")
    with engine.begin() as connection:
        connection.execute(text("set local session_replication_role = replica"))
        connection.execute(text("update invoice_line set payment_plan_id = null"))
        connection.execute(text("update invoice set record_format = 1"))
    engine.dispose()
    (source,) = read(issued).lines
    assert (source.plan.plan_code, source.plan.minimum_payment_days) == ("yearly", 0)


def test_another_company_has_no_such_invoice(issued: Database) -> None:
    with issued.transaction() as connection, pytest.raises(BillingError, match="invoice_unknown"):
        read_invoice_sources(connection, 2, "INV-00000001")


@pytest.mark.long
def test_a_credit_note_comes_with_its_invoice_and_what_was_given_back_before_it(
    database: Database, tmp_path: Path
) -> None:
    fill_book(database, 1)
    with ExitStack() as stack:
        billing = billing_over(database, tmp_path, stack)
        billing.invoice(billing.order(date(2024, 2, 1)))
        for net in (10_00, 5_00):
            wanted = [WantedCredit(invoice_number="INV-00000001", line_number=1, net_minor=net)]
            billing.credit(
                billing.credit_order(wanted, reason="why", approved_by="ana", billing_date=date(2024, 2, 5))
            )
    with database.transaction() as connection:
        first, second = (
            read_credit_sources(connection, 1, number) for number in ("CRN-00000001", "CRN-00000002")
        )
        with pytest.raises(BillingError, match="record_incomplete"):
            read_credit_sources(connection, 1, "INV-00000001")
    assert (first.net_before, second.net_before) == ({}, {1: 10_00})
    assert second.original.invoice.invoice_number == "INV-00000001"
    (source,) = second.note.lines
    assert (source.line.net_minor, source.term.premium_minor) == (5_00, 50_001)
    assert second.note.issue.approved_by == ""


@pytest.mark.long
def test_a_credit_note_of_a_run_comes_with_its_change_and_one_of_a_person_without(
    database: Database, tmp_path: Path
) -> None:
    fill_book(database, 1)
    with ExitStack() as stack:
        billing = billing_over(database, tmp_path, stack)
        billing.invoice(billing.order(date(2024, 2, 1)))
        wanted = [WantedCredit(invoice_number="INV-00000001", line_number=1, net_minor=10_00)]
        billing.credit(
            billing.credit_order(wanted, reason="why", approved_by="ana", billing_date=date(2024, 2, 5))
        )
        import_changes(
            billing, tmp_path, change_row(1, 1, "cancellation", date(2024, 7, 1), method="pro_rata")
        )
        billing.invoice(billing.order(date(2024, 7, 2)))
    with database.transaction() as connection:
        by_hand, of_run = (
            read_credit_sources(connection, 1, number).note.lines[0].change
            for number in ("CRN-00000001", "CRN-00000002")
        )
    assert by_hand is None
    assert of_run is not None
    assert (of_run.documented_minor, of_run.corrected_minor) == (490_01, 10_00)
    (line,) = of_run.part_lines
    assert (line.line_number, line.period_from_date, line.left_minor) == (1, date(2024, 2, 1), 490_01)
