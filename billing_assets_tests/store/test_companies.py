"""A company's settings are versions: each change is a new one, and invoices keep theirs."""

from contextlib import ExitStack
from dataclasses import replace
from datetime import date
from hashlib import sha256
from pathlib import Path

import pytest
from sqlalchemy import text

from billing_assets.domain.companies import Company
from billing_assets.domain.credits import WantedCredit
from billing_assets.domain.errors import BillingError
from billing_assets.store.companies import company_codes, read_issuer, save_company
from billing_assets.store.connection import Database
from billing_assets.store.invoice_reader import find_invoice
from billing_assets_tests.books import AT, COMPANY, billing_over, fill_book


def save(database: Database, company: Company) -> bool:
    with database.transaction() as connection:
        return save_company(connection, company, AT)


def test_the_same_settings_again_make_no_version(database: Database) -> None:
    assert save(database, COMPANY) is True
    assert save(database, COMPANY) is False
    assert save(database, replace(COMPANY, name="Alondra Ñandú, S.A.")) is True
    with database.transaction() as connection:
        assert connection.execute(text("select count(*) from company_version")).scalar_one() == 2
        assert read_issuer(connection, "alondra").company.name == "Alondra Ñandú, S.A."


def test_a_company_comes_back_as_it_was_with_the_hash_of_its_record(database: Database) -> None:
    save(database, COMPANY)
    with database.transaction() as connection:
        issuer = read_issuer(connection, COMPANY.company_code)
        content = connection.execute(text("select content from company_version")).scalar_one()
    assert issuer.company == COMPANY
    assert issuer.company_sha256 == sha256(content.encode()).hexdigest()


def test_an_unknown_company_names_the_known_ones(database: Database) -> None:
    for code in ("zeta", "alpha"):
        save(database, replace(COMPANY, company_code=code))
    with database.transaction() as connection:
        assert company_codes(connection) == ["alpha", "zeta"]
        with pytest.raises(BillingError, match="known: alpha, zeta"):
            read_issuer(connection, "beta")


@pytest.mark.long
def test_a_change_between_runs_leaves_issued_invoices_as_they_were(
    database: Database, tmp_path: Path
) -> None:
    fill_book(database, 3)
    with ExitStack() as stack:
        billing = billing_over(database, tmp_path, stack)
        billing.invoice(billing.order(date(2024, 2, 1)))
        save(database, replace(COMPANY, name="Renamed"))
        billing.invoice(billing.order(date(2024, 6, 3)))
    with database.transaction() as connection:
        assert find_invoice(connection, 1, "INV-00000001").creditor.name == COMPANY.name
        assert find_invoice(connection, 1, "INV-00000004").creditor.name == "Renamed"


def test_a_prefix_that_invoices_carry_cannot_change(database: Database, tmp_path: Path) -> None:
    fill_book(database, 3)
    assert save(database, replace(COMPANY, invoice_prefix="AL-"))
    with ExitStack() as stack:
        billing = billing_over(database, tmp_path, stack)
        billing.invoice(billing.order(date(2024, 2, 1)))
    with database.transaction() as connection:
        assert find_invoice(connection, 1, "AL-00000003").invoice_number == "AL-00000003"
    with pytest.raises(BillingError) as caught:
        save(database, replace(COMPANY, invoice_prefix="XX-"))
    assert caught.value.code == "prefix_in_use"


@pytest.mark.long
def test_a_prefix_that_credit_notes_carry_cannot_change(database: Database, tmp_path: Path) -> None:
    fill_book(database, 1)
    with ExitStack() as stack:
        billing = billing_over(database, tmp_path, stack)
        billing.invoice(billing.order(date(2024, 2, 1)))
        wanted = [WantedCredit(invoice_number="INV-00000001")]
        billing.credit(billing.credit_order(wanted, reason="sold", approved_by="ana"))
    with pytest.raises(BillingError, match="credit notes of company 'alondra' begin with CRN-"):
        save(database, replace(COMPANY, credit_note_prefix="XX-"))
    assert save(database, replace(COMPANY, name="Renamed"))


@pytest.mark.parametrize("prefix", ["2024", "INV-1", ""])
def test_a_prefix_that_runs_into_the_number_is_refused(prefix: str, database: Database) -> None:
    with pytest.raises(BillingError, match="invoice_prefix"):
        save(database, replace(COMPANY, invoice_prefix=prefix))
