"""One attempt to put a document into an inbox, and what it came to.

Belongs here: the meaning of each answer. Does not belong here: keeping (``store``), when to try again.

Whoever keeps inboxes says yes by returning, and no by a :class:`BillingError` while nothing is kept. Anything
else that it raises leaves open whether the document lies there: it may have been lost with the answer.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from billing_assets.domain.deliveries import DeliveryState, SendResult, kept_wording
from billing_assets.domain.errors import BillingError

_LOG = logging.getLogger(__name__)

REASON_MEANINGS: Mapping[str, str] = MappingProxyType(
    {
        "accepted": "the document lies in the inbox",
        "inbox_unreachable": "the store of the inboxes does not answer; nothing was put there",
        "inbox_busy": "somebody held the inboxes for too long; nothing was put there",
        "inbox_refused": "there is no such document or no such payer any more",
        "portal_closed": "the portal is not open to payers: BILLING_PORTAL_URL is empty",
        "no_answer_after_content": "the answer was lost; before it is sent again the inbox is looked up",
    }
)
"""Reason code -> what it means."""

_REFUSALS: Mapping[str, tuple[DeliveryState, str]] = MappingProxyType(
    {
        "store_busy": (DeliveryState.QUEUED, "inbox_busy"),
        "inbox_refused": (DeliveryState.FAILED, "inbox_refused"),
        "portal_closed": (DeliveryState.FAILED, "portal_closed"),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxEntry:
    """What is put into an inbox: the document of a delivery, by the hash (hex) of its PDF."""

    delivery_id: int
    content_sha256: str
    dated_at: datetime


class PortalInboxChannel:
    """Puts documents into inboxes; may be used by several threads."""

    def __init__(self, keep: Callable[[InboxEntry], object]) -> None:
        """Take the keeper of the inboxes."""
        self._keep = keep

    def send(self, entry: InboxEntry) -> SendResult:
        """Try once, and return what came of it; never raises.

        A second attempt at the same delivery finds the document there and is ``sent`` too.
        """
        try:
            self._keep(entry)
        except BillingError as error:
            state, reason = _REFUSALS.get(error.code, (DeliveryState.QUEUED, "inbox_unreachable"))
            return SendResult(
                state=state, reply_code=0, reason_code=reason, reply_text=kept_wording(error.found)
            )
        except Exception as error:  # noqa: BLE001 - a lost answer, whatever the driver calls it
            _LOG.warning("an inbox gave no answer: %s", type(error).__name__)
            return SendResult(
                state=DeliveryState.UNKNOWN,
                reply_code=0,
                reason_code="no_answer_after_content",
                reply_text="",
            )
        return SendResult(state=DeliveryState.SENT, reply_code=0, reason_code="accepted", reply_text="")
