"""Charge lines in a sound store break no check; each planted violation is named by I24."""

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import date

import pytest
from sqlalchemy import Engine

from billing_assets_tests.books import billing_over
from billing_assets_tests.databases import copied_database, url_of
from billing_assets_tests.steps.test_charge_lines import MAPPING, A, B, bill_year, split_book
from billing_assets_tests.store.checks.conftest import broken, planted
from billing_assets_tests.store.intake import import_text, with_company

# Of term 1 the whole premium is billed (307.40, 121.15 and 29.90 in twelve installments), and so is term 2.
LINE = "(select invoice_id from invoice_line where policy_term_id = 1 and installment_number = 3 limit 1)"
MOVED = "set net_minor = net_minor + case charge_number when 1 then 1 else -1 end"
TOTALS = "jsonb_set(control_totals, '{written_charges,EUR,legal}', '4990')"
NOT_ITS_PREMIUM = "its charge lines are not as many as it says, or do not add up to its premium"
CHARGE_PLANTS: list[tuple[str, set[str], str]] = [
    (
        "update policy_term_charge set premium_minor = 12116 where charge_code = 'own_damage'",
        {"I09"},
        f"policy term version 1: {NOT_ITS_PREMIUM}",
    ),
    (
        "update policy_term_version set charge_count = 3 where policy_term_version_id = 2",
        set(),
        f"policy term version 2: {NOT_ITS_PREMIUM}",
    ),
    (
        "insert into policy_term_charge values (2, 2, 'own_damage', 'Own damage', 'motor_damage', 1)",
        {"I09"},
        f"policy term version 2: {NOT_ITS_PREMIUM}",
    ),
    (
        "delete from policy_term_charge where policy_term_version_id = 2 and charge_number = 3",
        {"I02", "I09"},
        "line 2 of invoice 2: its policy term has no such charge line",
    ),
    (
        "update policy_term_version set charge_count = 0 where policy_term_version_id = 2",
        {"I09"},
        "policy term version 2: it has a charge line, and does not say so",
    ),
    (
        f"update invoice_line {MOVED} where invoice_id = {LINE} and charge_number in (1, 2)",
        {"I02", "I09", "I17"},
        "policy term 1: charge line liability is billed by more than its charge",
    ),
    (
        f"update invoice_line set net_minor = -1 where invoice_id = {LINE} and charge_number = 3",
        {"I01", "I02", "I06", "I09", "I17"},
        "policy term 1: charge line legal has an installment below zero",
    ),
    (
        f"update invoice_line set charge_number = 0 where invoice_id = {LINE} and charge_number = 1",
        {"I02", "I07", "I09", "I17"},
        "names none of the charge lines of its term",
    ),
    (
        f"update invoice_line set charge_number = 4 where invoice_id = {LINE} and charge_number = 1",
        {"I02", "I09", "I17"},
        "its policy term has no such charge line",
    ),
    (
        f"update intake_batch set control_totals = {TOTALS}",
        set(),
        "batch 1: it says that it wrote 4990 of charge line legal in EUR, and 4991 are there",
    ),
]


@pytest.fixture(scope="module")
def store_url(
    server_url: str, template_database: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """Superuser's URL of a store with two terms of several charges, billed to their end; tests roll back."""
    name = f"{template_database}_charges"
    with copied_database(server_url, template_database, name) as database:
        with ExitStack() as stack:
            home = tmp_path_factory.mktemp("home")
            import_text(with_company(database), home, split_book(A, B), mapping=MAPPING)
            bill_year(billing_over(database, home, stack))
        yield url_of(server_url, name)


@pytest.mark.parametrize("day", [None, date(2025, 1, 2), date(2025, 6, 2)])
def test_a_sound_store_with_charge_lines_has_no_offender(superuser: Engine, day: date | None) -> None:
    with planted(superuser) as connection:
        assert broken(connection, day) == {}


@pytest.mark.parametrize(("statement", "others", "name"), CHARGE_PLANTS)
def test_a_planted_violation_is_named_by_i24(
    superuser: Engine, statement: str, others: set[str], name: str
) -> None:
    with planted(superuser, statement) as connection:
        found = broken(connection)
    assert any(name in example for example in found["I24"].examples)
    assert set(found) - {"I24"} == others


def test_lines_of_an_installment_on_two_invoices_are_named_by_i07(superuser: Engine) -> None:
    """The key of the store refuses it by the places of the lines; here they were taken past it."""
    moved = (
        "update invoice_line set invoice_id = (select max(invoice_id) from invoice), line_number = 9 "
        f"where invoice_id = {LINE} and charge_number = 2"
    )
    with planted(superuser, moved) as connection:
        found = broken(connection, check_ids=["I07"])
    name = "policy term 1: the lines of installment 3 stand on several invoices, or one of its charges twice"
    assert found["I07"].examples == (name,)
