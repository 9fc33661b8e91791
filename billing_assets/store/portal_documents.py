"""Inboxes of payers in the store: what delivering puts there, once, and what an interrupted sender had put.

Belongs here: the row of a document in an inbox, and the notice of it. Does not belong here: what a payer
sees of it (``payer_listings``), the outbox (``deliveries``).

The inbox is in our own store, so that a sender that died leaves no doubt: the row is there, or it is not.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text
from sqlalchemy.exc import OperationalError

from billing_assets.domain.delivery_channels import DeliveryChannel
from billing_assets.domain.errors import BillingError
from billing_assets.store.connection import Database, store_busy, unreachable

_LOCK_TIMEOUT = "55P03"
_WAIT = "set local lock_timeout = '5s'"

_PUT = """
insert into portal_document (company_id, payer_id, invoice_id, purpose, message_id, content_sha256,
    delivered_at, notice_state)
select v.company_id, i.payer_id, i.invoice_id, v.purpose, v.message_id, decode(:hash, 'hex'), :at, :notice
from delivery v join document d using (document_id) join invoice i using (invoice_id)
where v.delivery_id = :delivery
on conflict (invoice_id, purpose) do nothing
"""
_IS_THERE = """
select p.invoice_id, p.payer_id from delivery v join document d using (document_id)
join portal_document p on p.invoice_id = d.invoice_id and p.purpose = v.purpose
where v.delivery_id = :delivery
"""
_NOTICE = """
update portal_document set notice_state = :state where invoice_id = :invoice and notice_state = 'sending'
"""
_SETTLE = """
with found as (
    select v.delivery_id, v.attempt_count, p.portal_document_id is not null as is_there
    from delivery v join document d using (document_id)
    left join portal_document p on p.invoice_id = d.invoice_id and p.purpose = v.purpose
    where v.company_id = :company and v.channel = :channel and v.state in ('sending', 'unknown')
    for update of v
), settled as (
    update delivery v set state = case when f.is_there then 'sent' else 'queued' end,
        reason_code = case when f.is_there then 'accepted' else 'sender_died' end, owner = '',
        changed_at = :at
    from found f where v.delivery_id = f.delivery_id
)
update delivery_attempt a set state = case when f.is_there then 'sent' else 'queued' end,
    reason_code = case when f.is_there then 'accepted' else 'sender_died' end, ended_at = :at
from found f where a.delivery_id = f.delivery_id and a.attempt_number = f.attempt_count
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptDocument:
    """A document that lies in an inbox; ``is_new``: it was put there just now."""

    invoice_id: int
    payer_id: int
    is_new: bool


def keep_in_inbox(
    database: Database, delivery_id: int, content_sha256: str, at: datetime, *, with_notice: bool
) -> KeptDocument:
    """Put the document of a delivery into its payer's inbox, unless it lies there already.

    Raises:
        BillingError: ``store_unreachable``, ``store_busy``, ``inbox_refused``, each while nothing is kept.
        DBAPIError: the answer was lost; whether it lies there is not known.
    """
    values = {
        "delivery": delivery_id,
        "hash": content_sha256,
        "at": at,
        "notice": "sending" if with_notice else "none",
    }
    with database.session() as connection:
        try:
            connection.execute(text(_WAIT))
            is_new = connection.execute(text(_PUT), values).rowcount == 1
            row = connection.execute(text(_IS_THERE), values).first()
        except OperationalError as error:
            if getattr(error.orig, "sqlstate", None) == _LOCK_TIMEOUT:
                raise store_busy() from error
            raise unreachable(error) from error
        if row is None:
            raise BillingError(
                "inbox_refused",
                f"delivery {delivery_id} has no document here",
                "look at it in 'billing deliveries'; its month may be detached",
            )
        connection.commit()
    return KeptDocument(invoice_id=row.invoice_id, payer_id=row.payer_id, is_new=is_new)


def note_notice(connection: Connection, invoice_id: int, state: str) -> None:
    """Keep what came of the notice of a document."""
    connection.execute(text(_NOTICE), {"invoice": invoice_id, "state": state})


def settle_portal(connection: Connection, company_id: int, at: datetime) -> None:
    """Say of what a dead sender or a lost answer left open whether it lies there; if not, it waits again."""
    values = {"company": company_id, "channel": DeliveryChannel.PORTAL.value, "at": at}
    connection.execute(text(_SETTLE), values)
