"""Replacements in a sound store break no check; each planted violation is named."""

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import date

import pytest
from sqlalchemy import Engine

from billing_assets.wiring.build import Billing
from billing_assets.wiring.replacements import regenerate, replacement_order
from billing_assets_tests.books import billing_over, change_premium, fill_book, seal
from billing_assets_tests.databases import copied_database, url_of
from billing_assets_tests.store.checks.conftest import FEBRUARY, MARCH, broken, planted

CORRECTED = date(2024, 3, 11)
NEW = "(select invoice_id from invoice where replaced_invoice_id is not null)"
OLD = "(select replaced_invoice_id from invoice where replaced_invoice_id is not null)"
OTHER = "(select min(invoice_id) from invoice where document_kind = 'invoice' and invoice_number = 3)"

PLANTS: list[tuple[str, str]] = [
    (
        f"update invoice_line set tax_minor = tax_minor - 1 where credited_invoice_id = {OLD}",
        "the invoice that it replaces was not given back in full",
    ),
    (
        f"update invoice_line set replacement_number = 2 where invoice_id = {NEW}",
        "its lines do not say the how many-th replacement they are of",
    ),
    (
        f"update invoice_line set installment_number = 7 where invoice_id = {NEW}",
        "it does not bill the installments of what it replaces",
    ),
    (
        "update invoice set replaced_invoice_id = 999 where replaced_invoice_id is not null",
        "the invoice that it replaces is missing",
    ),
    (
        f"update invoice_line set replacement_number = 1 where invoice_id = {OTHER}",
        "it bills once more, and its invoice replaces none",
    ),
    (
        f"update invoice set issue_date = '2030-01-01', due_date = '2030-01-01' where invoice_id = {OLD}",
        "it is dated before the invoice that it replaces",
    ),
    (
        "update invoice set replaced_number = 'INV-00000002' where replaced_invoice_id is not null",
        "it says another number or date than the invoice that it replaces has",
    ),
]


@pytest.fixture(scope="module")
def store_url(
    server_url: str, template_database: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """Superuser's URL of a store with two billed dates and a replaced invoice; tests roll back."""
    name = f"{template_database}_replacements"
    with copied_database(server_url, template_database, name) as database:
        with ExitStack() as stack:
            _replace(billing_over(database, tmp_path_factory.mktemp("home"), stack))
        yield url_of(server_url, name)


def _replace(billing: Billing) -> None:
    """Bill two dates, and let a premium be corrected after the first."""
    fill_book(billing.database, 6)
    for day in (FEBRUARY, MARCH):
        billing.invoice(billing.order(day))
    for policy_id in range(1, 7):
        change_premium(billing.database, policy_id, 1_200_00)
    seal(billing.database)
    order = replacement_order(
        billing, "INV-00000001", reason="a wrong premium", approved_by="ana", billing_date=CORRECTED
    )
    regenerate(billing, order)


@pytest.mark.parametrize("day", [None, FEBRUARY, MARCH, CORRECTED])
def test_a_sound_store_with_a_replacement_has_no_offender(superuser: Engine, day: date | None) -> None:
    with planted(superuser) as connection:
        assert {code for code in broken(connection, day) if code != "I18"} == set()


@pytest.mark.parametrize(("statement", "fault"), PLANTS)
def test_a_planted_violation_of_a_replacement_is_named(superuser: Engine, statement: str, fault: str) -> None:
    with planted(superuser, statement) as connection:
        found = broken(connection)
    assert any(fault in example for example in found["I07"].examples), found["I07"].examples


def test_an_invoice_that_is_not_replaced_any_more_is_billed_twice(superuser: Engine) -> None:
    statement = "update invoice set replaced_invoice_id = null, record_format = 3, replaced_number = null, "
    statement += "replaced_issue_date = null where replaced_invoice_id is not null"
    with planted(superuser, statement) as connection:
        found = broken(connection)
    assert any("is billed 2 times" in example for example in found["I07"].examples)
    assert any("of kind correction issued" in example for example in found["I17"].examples)
