"""What a payer sees in lists: balances to the cent, what is due next, payments with their use."""

from datetime import date, timedelta

from sqlalchemy import text

from billing_assets.domain.portal_accounts import Balance
from billing_assets.store import payer_listings
from billing_assets.store.connection import Database
from billing_assets.store.payer_scope import payer_scope
from billing_assets_tests.paid_books import AT, open_of
from billing_assets_tests.payers import BILLS, MORE_MINOR, PART_MINOR
from billing_assets_tests.payers import prepare_payers as prepare  # noqa: F401 - the database fixture asks

LONG_AFTER = date(2030, 1, 1)


def due_dates(database: Database, payer_id: int) -> list[date]:
    query = "select due_date from invoice where payer_id = :payer order by due_date"
    with database.transaction() as connection:
        return list(connection.execute(text(query), {"payer": payer_id}).scalars())


def balance(database: Database, payer_id: int, today: date) -> Balance:
    with database.transaction() as connection, payer_scope(connection, payer_id):
        (found,) = payer_listings.own_balances(connection, today)
    return found


def test_what_is_due_today_is_not_past_due_and_the_day_after_it_is(database: Database) -> None:
    first, second = due_dates(database, 2)
    left, whole = open_of(database, 2)
    on_day = balance(database, 2, first)
    assert (on_day.open_minor, on_day.past_due_minor) == (left + whole, 0)
    assert (on_day.next_due_date, on_day.next_due_minor) == (first, left)
    day_after = balance(database, 2, first + timedelta(days=1))
    assert (day_after.past_due_minor, day_after.next_due_date, day_after.next_due_minor) == (
        left,
        second,
        whole,
    )
    last = balance(database, 2, LONG_AFTER)
    assert (last.past_due_minor, last.next_due_date, last.next_due_minor) == (left + whole, None, 0)


def test_documents_are_listed_newest_first_page_by_page_or_what_is_open_by_its_day(
    database: Database,
) -> None:
    with database.transaction() as connection, payer_scope(connection, 1):
        newest = payer_listings.own_documents(connection, limit=1)
        older = payer_listings.own_documents(connection, limit=9, before_id=newest[0].invoice_id)
        still_open = payer_listings.own_documents(connection, limit=9, open_only=True)
    assert [row.document_number for row in (*newest, *older)] == [*reversed(BILLS["K1"])]
    assert [row.document_number for row in still_open] == [BILLS["K1"][1]]
    assert still_open[0].paid_minor == MORE_MINOR


def test_a_payment_says_what_it_was_used_for(database: Database) -> None:
    with database.transaction() as connection, payer_scope(connection, 1):
        (payment,) = payer_listings.own_payments(connection, limit=9)
        assert payer_listings.own_payments(connection, limit=9, before_id=payment.payment_id) == []
    assert [use.document_number for use in payment.uses] == [*BILLS["K1"]]
    assert sum(use.amount_minor for use in payment.uses) == payment.amount_minor
    with database.transaction() as connection, payer_scope(connection, 2):
        (assigned,) = payer_listings.own_payments(connection, limit=9)
    assert (assigned.amount_minor, assigned.free_minor) == (PART_MINOR, 0)


def test_a_document_is_found_by_its_number_or_id_and_another_payers_is_not(database: Database) -> None:
    with database.transaction() as connection, payer_scope(connection, 1):
        own = payer_listings.find_own(connection, number=BILLS["K1"][0])
        assert own is not None
        assert payer_listings.find_own(connection, invoice_id=own.invoice_id) == own
        assert payer_listings.find_own(connection, number=BILLS["K2"][0]) is None
        assert payer_listings.find_own(connection) is None


def test_what_a_payer_prefers_stands_before_what_the_book_says(database: Database) -> None:
    with database.transaction() as connection, payer_scope(connection, 1):
        before = payer_listings.own_details(connection)
        payer_listings.prefer(connection, "fr", ("portal", "email"), AT)
        payer_listings.prefer(connection, "de", ("portal",), AT)
        after = payer_listings.own_details(connection)
    assert (before.language, before.channels, before.is_chosen) == ("en", ("email",), False)
    assert (after.language, after.channels, after.is_chosen) == ("de", ("portal",), True)
    assert (after.name, after.email) == ("Payer 1", "payer1@example.com")


def test_an_inbox_counts_what_was_never_opened(database: Database) -> None:
    with database.transaction() as connection:
        connection.execute(
            text(
                "insert into portal_document (company_id, payer_id, invoice_id, purpose, message_id, "
                "content_sha256, delivered_at) select 1, payer_id, invoice_id, 'issue', 'm', sha256('x'), "
                ":at from invoice"
            ),
            {"at": AT},
        )
    with database.transaction() as connection, payer_scope(connection, 1):
        assert payer_listings.count_unseen(connection) == 2
        found = payer_listings.find_own(connection, number=BILLS["K1"][0])
        assert found is not None
        payer_listings.note_seen(connection, found.invoice_id, AT + timedelta(hours=1))
        payer_listings.note_seen(connection, found.invoice_id, AT + timedelta(hours=2))
        assert payer_listings.count_unseen(connection) == 1
        seen = {row.document_number: row.seen_at for row in payer_listings.own_inbox(connection, limit=9)}
    assert seen == {BILLS["K1"][0]: AT + timedelta(hours=1), BILLS["K1"][1]: None}
