"""Bounces in the store: each mail is one row, and a report of failure changes its delivery with it.

Belongs here: keeping mails, matching them by Message-ID, reading those of one delivery.
Does not belong here: what a report means (``domain.bounces``), the outbox itself (``deliveries``).
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from billing_assets.domain.attempts import FIRST_OWNER
from billing_assets.domain.bounces import Bounce, BounceEffect, BounceMail, returns
from billing_assets.store.companies import CompanyStore

# The last attempt is the one that carried the message; a sender that is at work is left alone.
_FIND = """
select v.delivery_id, v.state, v.attempt_count from delivery v
where v.company_id = :company and v.message_id = :message_id for update
"""
_KEEP = """
insert into delivery_bounce (company_id, delivery_id, attempt_number, content_sha256, action, status,
    reason_code, diagnostic, recorded_at)
values (:company, :delivery, :attempt, decode(:sha256, 'hex'), :action, :status, :reason, :diagnostic, :at)
on conflict (company_id, content_sha256) do nothing
"""
_RETURN = """
with returned as (
    update delivery set state = 'failed', reason_code = :reason, reply_code = 0, reply_text = :diagnostic,
        owner = :owner, changed_at = :at, next_attempt_at = null
    where delivery_id = :delivery
)
update delivery_attempt set state = 'returned', reason_code = :reason
where delivery_id = :delivery and attempt_number = :attempt and state in ('sent', 'unknown')
"""
_OF_DELIVERY = """
select action, status, reason_code, diagnostic, recorded_at from delivery_bounce
where company_id = :company and delivery_id = :delivery order by bounce_id
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class BounceRow:
    """A report on a delivery, as people read it."""

    action: str
    status: str
    reason_code: str
    diagnostic: str
    recorded_at: datetime


class SqlBounceStore(CompanyStore):
    """Bounces in PostgreSQL; the implementation of ``steps.bounce_ports.BounceStore``."""

    def take(self, company_id: int, mail: BounceMail) -> BounceEffect:
        """Keep a mail and change its delivery, in one transaction; a mail that is known changes nothing."""
        with self.database.transaction() as connection:
            found = _found(connection, company_id, mail.bounce)
            values = _values(company_id, mail, found, self.clock())
            if connection.execute(text(_KEEP), values).rowcount == 0:
                return BounceEffect.REPEATED
            if mail.bounce is None:
                return BounceEffect.PERSONAL if mail.is_for_person else BounceEffect.FOREIGN
            if found is None:
                return BounceEffect.UNMATCHED
            if not returns(mail.bounce, found.state):
                return BounceEffect.NOTED
            connection.execute(text(_RETURN), values)
            return BounceEffect.RETURNED


def bounces_of(connection: Connection, company_id: int, delivery_id: int) -> list[BounceRow]:
    """Return the reports on one delivery, oldest first."""
    values = {"company": company_id, "delivery": delivery_id}
    return [BounceRow(**row) for row in connection.execute(text(_OF_DELIVERY), values).mappings()]


def _found(connection: Connection, company_id: int, bounce: Bounce | None) -> Any:  # noqa: ANN401 - a row
    if bounce is None:
        return None
    values = {"company": company_id, "message_id": bounce.message_id}
    return connection.execute(text(_FIND), values).first()


def _values(company_id: int, mail: BounceMail, found: Any, at: datetime) -> dict[str, Any]:  # noqa: ANN401 - a row
    bounce = mail.bounce
    return {
        "company": company_id,
        "delivery": found.delivery_id if found else None,
        "attempt": found.attempt_count if found else None,
        "sha256": mail.content_sha256,
        "action": bounce.action.value if bounce else "",
        "status": bounce.status if bounce else "",
        "reason": bounce.reason_code if bounce else "",
        "diagnostic": bounce.diagnostic if bounce else "",
        "owner": FIRST_OWNER,
        "at": at,
    }
