"""The inbox in the store: one row for each document, whoever puts it there how often."""

from contextlib import ExitStack
from pathlib import Path

import pytest
from sqlalchemy import text

from billing_assets.domain.errors import BillingError
from billing_assets.store.connection import Database
from billing_assets.store.portal_documents import keep_in_inbox, note_notice, settle_portal
from billing_assets_tests.books import AT, COMPANY, billing_over, change_channels
from billing_assets_tests.steps.outbox import FEBRUARY, bill_february

HASH = "ab" * 32


def prepare(database: Database, home: Path) -> None:
    """Bill February; the first two payers take documents in the portal, and they wait in the outbox."""
    bill_february(database, home)
    for payer in (1, 2):
        change_channels(database, payer, "portal")
    with ExitStack() as stack:
        billing_over(database, home, stack).documents.queue(1, FEBRUARY, COMPANY.message_domain)


def deliveries(database: Database) -> list[tuple[int, str, str]]:
    query = "select delivery_id, state, reason_code from delivery where channel = 'portal' order by 1"
    with database.transaction() as connection:
        return [tuple(row) for row in connection.execute(text(query))]


def notices(database: Database) -> list[str]:
    with database.transaction() as connection:
        return list(connection.execute(text("select notice_state from portal_document order by 1")).scalars())


def test_a_document_is_put_there_once(database: Database) -> None:
    (delivery, *_), _ = deliveries(database)
    first = keep_in_inbox(database, delivery, HASH, AT, with_notice=True)
    again = keep_in_inbox(database, delivery, HASH, AT, with_notice=True)
    assert (first.is_new, again.is_new) == (True, False)
    assert (first.invoice_id, first.payer_id) == (again.invoice_id, again.payer_id)
    assert notices(database) == ["sending"]


def test_what_is_no_delivery_of_ours_is_refused_and_keeps_nothing(database: Database) -> None:
    with pytest.raises(BillingError) as caught:
        keep_in_inbox(database, 424_242, HASH, AT, with_notice=False)
    assert caught.value.code == "inbox_refused"
    assert notices(database) == []


def test_a_notice_is_noted_once(database: Database) -> None:
    (delivery, *_), _ = deliveries(database)
    kept = keep_in_inbox(database, delivery, HASH, AT, with_notice=True)
    for state in ("sent", "failed"):
        with database.transaction() as connection:
            note_notice(connection, kept.invoice_id, state)
    assert notices(database) == ["sent"]


@pytest.mark.parametrize("state", ["sending", "unknown"])
def test_what_was_left_open_is_settled_by_what_lies_there(database: Database, state: str) -> None:
    (there, *_), (nowhere, *_) = deliveries(database)
    keep_in_inbox(database, there, HASH, AT, with_notice=False)
    with database.transaction() as connection:
        connection.execute(
            text(
                "with v as (update delivery set state = :state, owner = 'ops', attempt_count = 1 "
                "where channel = 'portal' returning delivery_id) "
                "insert into delivery_attempt (delivery_id, attempt_number, started_at) "
                "select delivery_id, 1, now() from v"
            ),
            {"state": state},
        )
        settle_portal(connection, 1, AT)
        settle_portal(connection, 1, AT)
    assert deliveries(database) == [(there, "sent", "accepted"), (nowhere, "queued", "sender_died")]
    with database.transaction() as connection:
        owners = "select distinct owner from delivery where channel = 'portal'"
        assert connection.execute(text(owners)).scalars().all() == [""]
