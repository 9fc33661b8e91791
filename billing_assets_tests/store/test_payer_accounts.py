"""The account of a payer is what the ledger and the open documents say, on any day and in each currency."""

from collections import Counter
from datetime import date, timedelta
from itertools import pairwise

import pytest

from billing_assets.documents.letter_sums import check_letter
from billing_assets.domain.account_statements import Account, LetterHead, statement_of
from billing_assets.domain.companies import creditor_of
from billing_assets.domain.document_requests import UnansweredError
from billing_assets.domain.letters import EntryKind, Statement
from billing_assets.store.connection import Database
from billing_assets.store.ledger_listings import list_balances
from billing_assets.store.payer_accounts import PayerAccount
from billing_assets_tests.books import COMPANY
from billing_assets_tests.paid_books import rows
from billing_assets_tests.requested_books import bill_and_pay

prepare = bill_and_pay
LAST = date(2027, 1, 1)


def account_of(database: Database, payer_id: int, currency: str = "EUR", to_date: date = LAST) -> Account:
    with database.transaction() as connection:
        return PayerAccount(connection, 1, payer_id).account(currency, to_date)


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
        return statement_of(head, reader.account("EUR", to_date), from_date, to_date)


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


def test_an_account_with_a_month_away_waits(database: Database) -> None:
    with database.session() as connection:
        connection.exec_driver_sql("reset role")
        connection.exec_driver_sql("set local session_replication_role = replica")
        connection.exec_driver_sql(
            "update policy_term_version set away_months = array[date '2024-02-01'] where payer_id = 1"
        )
        with pytest.raises(UnansweredError, match="month_away"):
            PayerAccount(connection, 1, 1).account("EUR", LAST)
        connection.rollback()
