"""Proofs of sending, read from the outbox.

Belongs here: bringing a delivery, its attempts, its document and its recipient together. Does not belong
here: what is proof (``domain.delivery_proofs``), lists of deliveries (``delivery_listings``).
"""

from typing import Any

from sqlalchemy import Connection, text

from billing_assets.domain.decisions import delivery_unknown
from billing_assets.domain.deliveries import webhook_id_of
from billing_assets.domain.delivery_channels import DeliveryChannel
from billing_assets.domain.delivery_proofs import DeliveryAttempt, DeliveryProof
from billing_assets.domain.numbering import document_number

# A letter goes to the address that the document froze; the others to what was known at the last attempt.
_DELIVERY = """
select v.delivery_id, v.channel, v.state, v.message_id, v.reply_text, i.document_kind, s.prefix,
    i.invoice_number, coalesce(encode(v.content_sha256, 'hex'), '') as pdf_sha256,
    coalesce(encode(v.mail_sha256, 'hex'), '') as mail_sha256,
    case when v.mail_sha256 is not null then coalesce(d.mail_form,
        case when v.content_sha256 is null then 'bare' else 'attached' end) else '' end as mail_form,
    case when v.content_sha256 is not null then coalesce(sha256(d.pdf) = v.content_sha256, false) end
        as is_pdf_intact,
    used.content::json ->> 'email' as email, used.content::json ->> 'endpoint' as endpoint_code,
    frozen.content::json ->> 'name' as name, array(select json_array_elements_text(
        frozen.content::json -> 'address_lines')) as address_lines
from delivery v join document d using (document_id) join invoice i using (invoice_id)
join number_series s using (number_series_id)
join payer_version frozen on frozen.payer_version_id = i.payer_version_id
left join lateral (
    select coalesce(a.payer_version_id, i.payer_version_id) as payer_version_id from delivery_attempt a
    where a.delivery_id = v.delivery_id order by a.attempt_number desc limit 1
) last on true
left join payer_version used on used.payer_version_id = last.payer_version_id
where v.company_id = :company and v.delivery_id = :delivery
"""
_ATTEMPTS = """
select attempt_number, started_at, ended_at, state, reply_code, reason_code from delivery_attempt
where delivery_id = :delivery order by attempt_number
"""


def read_proof(connection: Connection, company_id: int, delivery_id: int) -> DeliveryProof:
    """Return what proves that a delivery was sent, or raise ``delivery_unknown``."""
    values = {"company": company_id, "delivery": delivery_id}
    row = connection.execute(text(_DELIVERY), values).first()
    if row is None:
        raise delivery_unknown(delivery_id)
    return DeliveryProof(
        delivery_id=row.delivery_id,
        document_kind=row.document_kind,
        document_number=document_number(row.prefix, row.invoice_number),
        channel=row.channel,
        state=row.state,
        recipient=_recipient(row),
        message_key=_message_key(row),
        pdf_sha256=row.pdf_sha256,
        mail_sha256=row.mail_sha256,
        mail_form=row.mail_form,
        is_pdf_intact=row.is_pdf_intact,
        reply_text=row.reply_text,
        attempts=attempts_of(connection, delivery_id),
    )


def attempts_of(connection: Connection, delivery_id: int) -> tuple[DeliveryAttempt, ...]:
    """Return the attempts at a delivery, the oldest first."""
    rows = connection.execute(text(_ATTEMPTS), {"delivery": delivery_id}).mappings()
    return tuple(DeliveryAttempt(**row) for row in rows)


def _recipient(row: Any) -> str:  # noqa: ANN401 - a row of SQLAlchemy
    """Return to whom a document went; an inbox in the portal opens by the payer's e-mail address alone."""
    if row.channel == DeliveryChannel.PRINT_POST:
        return ", ".join([row.name, *row.address_lines])
    return (row.endpoint_code if row.channel in _BY_ENDPOINT else row.email) or ""


def _message_key(row: Any) -> str:  # noqa: ANN401 - a row of SQLAlchemy
    """Return under which name the other side has the message; empty where it never was told one."""
    if row.channel == DeliveryChannel.EMAIL:
        return str(row.message_id)
    return webhook_id_of(row.message_id) if row.channel == DeliveryChannel.API_PUSH else ""


_BY_ENDPOINT = (DeliveryChannel.API_PUSH, DeliveryChannel.PULL)
