"""A ledger in a sound store breaks no check; each planted violation is named by its own."""

from collections.abc import Iterator
from datetime import date

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import IntegrityError

from billing_assets_tests.databases import copied_database, url_of
from billing_assets_tests.posted_books import BILLED, CREDITED, bill_some
from billing_assets_tests.store.checks.conftest import broken, planted

SECOND = "(select invoice_id from invoice where invoice_number = 2)"
OF_SECOND = f"where ledger_entry_id = {SECOND}"
NOT_ZERO = "alter table ledger_posting drop constraint ledger_posting_amount_minor_check; "
# Check, the violation, other checks that it cannot help breaking, and a part of the offender's name.
LEDGER_PLANTS: list[tuple[str, str, set[str], str]] = [
    (
        "I04",
        f"update ledger_posting set amount_minor = amount_minor + 1 {OF_SECOND} and account_number = 1200",
        {"I05", "I06", "I19"},
        " of INV-00000002: its postings in EUR do not add up to zero",
    ),
    (
        "I04",
        (
            f"insert into ledger_posting select ledger_entry_id, 5, company_id, 1200, 2, 'USD' "
            f"from ledger_entry {OF_SECOND}"
        ),
        {"I05", "I06", "I19"},
        " of INV-00000002: its postings in USD do not add up to zero",
    ),
    (
        "I04",
        NOT_ZERO + "insert into ledger_posting values (999999, 0, 1, 1200, 1, 'EUR')",
        {"I06"},
        "ledger entry 999999: it has one posting in EUR",
    ),
    (
        "I04",
        NOT_ZERO
        + "insert into ledger_posting values (999999, 0, 1, 1200, 1, 'EUR'), (999999, 0, 1, 1200, 2, 'EUR')",
        {"I06"},
        "ledger entry 999999: it has a posting of zero",
    ),
    (
        "I05",
        f"update ledger_posting set company_id = 2 {OF_SECOND} and account_number = 2200",
        {"I20"},
        "company 1: its trial balance in EUR is",
    ),
    (
        "I05",
        f"update ledger_posting set account_number = 4001 {OF_SECOND} and account_number = 4000",
        {"I06"},
        "account 4001: it is posted to, and is not in the chart of accounts",
    ),
    (
        "I06",
        f"update ledger_posting set account_number = 4100 {OF_SECOND} and account_number = 4000",
        set(),
        "INV-00000002: what it posts to account 4000 is not what it comes to",
    ),
    (
        "I06",
        (
            f"insert into ledger_posting select ledger_entry_id, sign * 7, company_id, account, 9, 'EUR' "
            f"from ledger_entry, (values (1200, 1), (2200, -1)) as v (account, sign) {OF_SECOND}"
        ),
        {"I19"},
        "INV-00000002: what it posts to account 1200 is not what it comes to",
    ),
    (
        "I06",
        f"update ledger_posting set currency = 'USD' {OF_SECOND}",
        {"I19"},
        "INV-00000002: it is posted in another currency",
    ),
    (
        "I06",
        (
            "update ledger_posting set amount_minor = -amount_minor where ledger_entry_id = "
            "(select invoice_id from invoice where document_kind = 'credit_note')"
        ),
        {"I19"},
        "CRN-00000001: what it posts to account 1200 is not what it comes to",
    ),
    (
        "I06",
        f"delete from ledger_posting {OF_SECOND}",
        {"I19"},
        "INV-00000002: what it posts to account 1200 is not what it comes to",
    ),
    ("I06", f"delete from ledger_entry {OF_SECOND}", set(), "INV-00000002: it has no ledger entry"),
    (
        "I06",
        f"update ledger_entry set posting_date = posting_date + 1 {OF_SECOND}",
        set(),
        "INV-00000002: its ledger entry is of another kind or day",
    ),
    (
        "I06",
        f"update ledger_entry set entry_kind = 'credit_note' {OF_SECOND}",
        set(),
        "INV-00000002: its ledger entry is of another kind or day",
    ),
    (
        "I06",
        "insert into ledger_entry values (999999, '2024-02-01', 1, 'invoice')",
        set(),
        "ledger entry 999999: there is no such document",
    ),
    (
        "I06",
        "insert into ledger_posting values (999999, 5, 1, 1200, 1, 'EUR'), (999999, -5, 1, 4000, 1, 'EUR')",
        {"I19"},
        "ledger entry 999999: it has postings, and there is no such entry",
    ),
    (
        "I20",
        f"update ledger_entry set company_id = 2 {OF_SECOND}",
        set(),
        ": it or a posting of it is of another company",
    ),
]


@pytest.fixture(scope="module")
def store_url(
    server_url: str, template_database: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """Superuser's URL of a store whose ledger has every kind of posting; tests roll back."""
    name = f"{template_database}_ledger"
    with copied_database(server_url, template_database, name) as database:
        bill_some(database, tmp_path_factory.mktemp("home"))
        yield url_of(server_url, name)


@pytest.mark.parametrize("day", [None, BILLED, CREDITED])
def test_a_sound_ledger_has_no_offender(superuser: Engine, day: date | None) -> None:
    with planted(superuser) as connection:
        assert broken(connection, day) == {}


@pytest.mark.long
@pytest.mark.parametrize(("check_id", "statement", "others", "name"), LEDGER_PLANTS)
def test_a_planted_violation_is_named_by_its_check(
    superuser: Engine, check_id: str, statement: str, others: set[str], name: str
) -> None:
    with planted(superuser, *statement.split("; ")) as connection:
        found = broken(connection)
    assert set(found) == {check_id, *others}
    assert any(name in example for example in found[check_id].examples), found[check_id].examples


@pytest.mark.parametrize(
    ("plant", "check_ids"), [(0, {"I04", "I05", "I06"}), (6, {"I06"}), (10, {"I06"}), (11, {"I06"})]
)
def test_a_violation_blocks_the_date_of_its_document_and_no_other(
    superuser: Engine, plant: int, check_ids: set[str]
) -> None:
    with planted(superuser, LEDGER_PLANTS[plant][1]) as connection:
        assert set(broken(connection, BILLED)) == check_ids
        assert broken(connection, CREDITED) == {}


@pytest.mark.parametrize(
    "rows",
    [
        "(999999, 5, 1, 1200, 1, 'EUR')",
        "(999999, 5, 1, 1200, 1, 'EUR'), (999999, -4, 1, 4000, 1, 'EUR')",
        "(999999, 5, 1, 1200, 1, 'EUR'), (999999, -5, 1, 4000, 1, 'USD')",
        "(999999, 5, 1, 1200, 1, 'EUR'), (999998, -5, 1, 4000, 1, 'EUR')",
    ],
)
def test_the_store_itself_refuses_postings_that_do_not_balance(superuser: Engine, rows: str) -> None:
    with planted(superuser) as connection, pytest.raises(IntegrityError, match="do not add up to zero"):
        connection.execute(text(f"insert into ledger_posting values {rows}"))


def test_the_store_itself_refuses_a_posting_of_zero_and_a_second_entry(superuser: Engine) -> None:
    with planted(superuser) as connection, pytest.raises(IntegrityError, match="amount_minor_check"):
        connection.execute(text("insert into ledger_posting values (999999, 0, 1, 1200, 1, 'EUR')"))
    with planted(superuser) as connection, pytest.raises(IntegrityError, match="ledger_entry_pkey"):
        connection.execute(text("insert into ledger_entry select * from ledger_entry"))
