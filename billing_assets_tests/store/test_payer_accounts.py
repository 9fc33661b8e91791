"""The account of a payer is what the ledger and the open documents say, on any day and in each currency."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from itertools import pairwise

import pytest
from sqlalchemy import Connection

from billing_assets.documents.letter_sums import check_letter
from billing_assets.domain.account_statements import Account, LetterHead, statement_of
from billing_assets.domain.companies import creditor_of
from billing_assets.domain.document_requests import UnansweredError
from billing_assets.domain.letters import AllocatedPart, EntryKind, Statement
from billing_assets.store import payer_accounts
from billing_assets.store.connection import Database
from billing_assets.store.ledger_listings import list_balances
from billing_assets.store.payer_accounts import PayerAccount
from billing_assets_tests.books import COMPANY
from billing_assets_tests.paid_books import APRIL, allocate, paid, record, returned, rows
from billing_assets_tests.requested_books import bill_and_pay

prepare = bill_and_pay
MAY = date(2024, 5, 1)
ON_MAY = {"booking_date": MAY, "value_date": MAY}
FIRST, LAST = date(2020, 1, 1), date(2027, 1, 1)


def account_of(database: Database, payer_id: int, currency: str = "EUR", to_date: date = LAST) -> Account:
    with database.transaction() as connection:
        return PayerAccount(connection, 1, payer_id).account(currency, FIRST, to_date)


def statement(database: Database, payer_id: int, from_date: date, to_date: date) -> Statement:
    with database.transaction() as connection:
        reader = PayerAccount(connection, 1, payer_id)
        head = LetterHead(
            document_number="STM-1",
            issue_date=to_date,
            creditor=creditor_of(COMPANY),
            payer=reader.payer()[1],
            policies=reader.policies(),
        )
        return statement_of(head, reader.account("EUR", from_date, to_date), from_date, to_date)


def days(database: Database) -> list[date]:
    """The days on which anything was posted, and those after."""
    posted = [row[0] for row in rows(database, "select distinct posting_date from ledger_entry order by 1")]
    return sorted({day + timedelta(days=more) for day in posted for more in (0, 1)})


def test_the_accounts_of_all_payers_are_the_ledger_on_every_day(database: Database) -> None:
    payers = [row[0] for row in rows(database, "select payer_id from payer")]
    for to_date in days(database):
        found: Counter[str] = Counter()
        for payer_id in payers:
            for currency in ("EUR", "USD"):
                account = account_of(database, payer_id, currency, to_date)
                found[currency] += sum(each.amount_minor for each in account.movements)
        with database.transaction() as connection:
            balances = list_balances(connection, 1, to_date - timedelta(days=1))
        ledger: Counter[str] = Counter()
        for row in balances:
            if row.account_number in {1200, 2100}:
                ledger[row.currency] += row.balance_minor
        assert {key: value for key, value in found.items() if value} == {
            key: value for key, value in ledger.items() if value
        }, to_date


def test_an_account_is_what_documents_and_payments_leave_open(database: Database) -> None:
    query = """
        select y.payer_id, coalesce((select sum(open_minor) from open_document d
                where d.payer_id = y.payer_id and d.currency = :currency), 0)::bigint,
            coalesce((select sum(free_minor) from payment_standing s
                where s.payer_id = y.payer_id and s.currency = :currency), 0)::bigint
        from payer y
    """
    for currency in ("EUR", "USD"):
        for payer_id, open_minor, free_minor in rows(database, query, currency=currency):
            account = account_of(database, payer_id, currency)
            assert sum(item.open_minor for item in account.open_items) == open_minor
            assert account.on_account_minor == free_minor
            assert sum(each.amount_minor for each in account.movements) == open_minor - free_minor


def test_every_kind_of_movement_is_there(database: Database) -> None:
    kinds = {
        payer: {each.entry_kind for each in account_of(database, payer).movements} for payer in (1, 2, 3, 4)
    }
    assert EntryKind.PAYMENT_RETURNED in kinds[1]
    assert EntryKind.PAYMENT in kinds[2]
    assert {EntryKind.CREDIT_NOTE, EntryKind.PAYMENT_RETURNED} <= kinds[3]
    assert EntryKind.WRITE_OFF in kinds[4]
    paid = [each for each in account_of(database, 1).movements if each.entry_kind is EntryKind.PAYMENT]
    assert [part.document_number for each in paid for part in each.parts] == ["INV-00000001"]


def test_statements_of_any_period_add_up_and_follow_one_another(database: Database) -> None:
    posted = days(database)
    for payer_id in (1, 2, 3, 4):
        closing = 0
        for from_date, to_date in pairwise(posted):
            found = statement(database, payer_id, from_date, to_date)
            check_letter(found)
            assert found.opening_minor == closing
            closing = found.closing_minor


def test_the_same_due_date_has_always_the_same_age(database: Database) -> None:
    ages: dict[tuple[date, date], set[int]] = {}
    for to_date in (date(2024, 3, 2), date(2024, 5, 1), date(2024, 9, 1)):
        for payer_id in (1, 2, 3, 4):
            for item in statement(database, payer_id, date(2024, 1, 1), to_date).open_items:
                ages.setdefault((to_date, item.due_date), set()).add(item.past_due_days)
    assert ages
    assert all(len(found) == 1 for found in ages.values())


def test_what_is_somebody_elses_is_unknown(database: Database) -> None:
    with database.transaction() as connection:
        reader = PayerAccount(connection, 1, 2)
        assert reader.document("INV-00000002").invoice_id
        for number in ("INV-00000001", "INV-99999999", "nonsense"):
            with pytest.raises(UnansweredError, match="document_unknown"):
                reader.document(number)
        (theirs,) = connection.exec_driver_sql("select min(payment_id) from payment where payer_id = 1").one()
        with pytest.raises(UnansweredError, match="payment_unknown"):
            reader.payment(theirs)
        with pytest.raises(UnansweredError, match="payment_went_back"):
            PayerAccount(connection, 1, 1).payment(theirs)
        assert PayerAccount(connection, 1, 1).currencies() == ["EUR", "USD"]


@pytest.fixture
def shared(database: Database) -> Database:
    """The book with an invoice of K2 that two payments of K1 have paid in full."""
    number = "INV-00000002"
    ((due,),) = rows(
        database,
        "select open_minor from open_document where invoice_id = (select invoice_id from invoice "
        "where invoice_number = 2 and document_kind = 'invoice')",
    )
    record(
        database,
        paid("other", due - 100, payer_key="K1", remittance_text=number, **ON_MAY),
        paid("rest", 100, payer_key="K1", remittance_text=number, **ON_MAY),
    )
    allocate(database, MAY)
    return database


def payment_of(database: Database, key: str) -> int:
    found: int = rows(database, "select payment_id from payment where external_key = :key", key=key)[0][0]
    return found


def check_each(database: Database) -> None:
    """Each payer's account is what is open of their invoices less what is free of their payments."""
    query = """
        select y.payer_id, coalesce((select sum(open_minor) from open_document d
                where d.payer_id = y.payer_id and d.currency = 'EUR'), 0)::bigint,
            coalesce((select sum(free_minor) from payment_standing s
                where s.payer_id = y.payer_id and s.currency = 'EUR'), 0)::bigint
        from payer y
    """
    for payer_id, open_minor, free_minor in rows(database, query):
        for from_date in (FIRST, MAY, LAST):
            found = statement(database, payer_id, from_date, LAST)
            check_letter(found)
            assert (found.closing_minor, found.on_account_minor) == (open_minor - free_minor, free_minor)
            assert sum(item.open_minor for item in found.open_items) == open_minor


def test_what_pays_another_payers_invoice_moves_from_account_to_account(shared: Database) -> None:
    check_each(shared)
    paying, owing = statement(shared, 1, MAY, LAST), statement(shared, 2, MAY, LAST)
    used = [each for each in paying.entries if each.entry_kind is EntryKind.PAID_FOR_ANOTHER]
    got = [each for each in owing.entries if each.entry_kind is EntryKind.PAID_BY_ANOTHER]
    assert [each.document_number for each in (*used, *got)] == ["INV-00000002"] * 4
    assert sum(each.amount_minor for each in used) == -sum(each.amount_minor for each in got) > 0
    assert {each.policy_number for each in used} == {""}
    assert not any(each.parts for each in paying.entries)
    assert "INV-00000002" not in [item.document_number for item in owing.open_items]


def test_what_comes_back_of_it_moves_back(shared: Database) -> None:
    record(shared, returned("undone", "rest", 100, booking_date=MAY, value_date=MAY))
    allocate(shared, MAY)
    check_each(shared)
    (item,) = [
        each for each in statement(shared, 2, MAY, LAST).open_items if each.document_number == "INV-00000002"
    ]
    assert item.open_minor == 100


def test_a_receipt_tells_of_somebody_elses_invoice_its_number_and_what_was_used_alone(
    shared: Database,
) -> None:
    with shared.transaction() as connection:
        received, policies = PayerAccount(connection, 1, 1).payment(payment_of(shared, "rest"))
    assert received.allocated == (AllocatedPart(document_number="INV-00000002", amount_minor=100),)
    assert policies == ()


def test_what_was_before_the_period_is_one_sum(database: Database) -> None:
    whole = account_of(database, 1)
    with database.transaction() as connection:
        later = PayerAccount(connection, 1, 1).account("EUR", APRIL, LAST)
    assert whole.opening_minor == 0
    before = [each.amount_minor for each in whole.movements if each.entry_date < APRIL]
    assert before
    assert later.opening_minor == sum(before)
    assert later.movements == whole.movements[len(before) :]


def test_an_account_that_is_too_long_to_print_waits(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = account_of(database, 1)
    count = len(found.movements) + len(found.open_items) + sum(len(each.parts) for each in found.movements)
    monkeypatch.setattr(payer_accounts, "MOST_ROWS", count)
    assert account_of(database, 1) == found
    monkeypatch.setattr(payer_accounts, "MOST_ROWS", count - 1)
    with pytest.raises(UnansweredError, match="account_too_long"):
        account_of(database, 1)


@contextmanager
def detached(database: Database, invoice_number: int) -> Iterator[Connection]:
    """An invoice that is not there, as those of a detached month are, for as long as the block."""
    with database.session() as connection:
        connection.exec_driver_sql("reset role")
        connection.exec_driver_sql("set local session_replication_role = replica")
        connection.exec_driver_sql(
            f"delete from invoice where invoice_number = {invoice_number} and document_kind = 'invoice'"
        )
        yield connection
        connection.rollback()


def test_a_receipt_and_a_copy_say_that_a_month_is_away(
    shared: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = payment_of(shared, "rest")
    monkeypatch.setattr(
        payer_accounts, "months_of_number", lambda *given: [FIRST] if given[1:] == (1, "INV-", 2) else []
    )
    with detached(shared, 2) as connection:
        with pytest.raises(UnansweredError, match="month_away"):
            PayerAccount(connection, 1, 1).payment(number)
        with pytest.raises(UnansweredError, match="month_away"):
            PayerAccount(connection, 1, 2).document("INV-00000002")
        with pytest.raises(UnansweredError, match="month_away"):
            PayerAccount(connection, 1, 1).account("EUR", MAY, LAST)
        with pytest.raises(UnansweredError, match="document_unknown"):
            PayerAccount(connection, 1, 2).document("INV-99999999")


def test_an_account_with_a_month_away_waits(database: Database) -> None:
    with database.session() as connection:
        connection.exec_driver_sql("reset role")
        connection.exec_driver_sql("set local session_replication_role = replica")
        connection.exec_driver_sql(
            "update policy_term_version set away_months = array[date '2024-02-01'] where payer_id = 1"
        )
        with pytest.raises(UnansweredError, match="month_away"):
            PayerAccount(connection, 1, 1).account("EUR", FIRST, LAST)
        connection.rollback()
