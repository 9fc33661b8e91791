"""Bounces: what a mail system says of a message after it had accepted it.

Belongs here: what such a report says, and what becomes of the delivery. Does not belong here: reading the
bytes of a mail (``channels.email.bounces``), matching it with a row (``store.bounces``).
"""

from dataclasses import dataclass
from enum import StrEnum

from billing_assets.domain.deliveries import DeliveryState


class BounceAction(StrEnum):
    """What the reporting system did (RFC 3464, section 2.3.3).

    ``failed``: it gave the message up; ``delayed``: it goes on trying; ``delivered``, ``relayed`` and
    ``expanded``: it passed it on.
    """

    FAILED = "failed"
    DELAYED = "delayed"
    DELIVERED = "delivered"
    RELAYED = "relayed"
    EXPANDED = "expanded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounce:
    """A report on one message.

    ``message_id`` is that of the message it speaks of, without angle brackets. ``status`` is the enhanced
    status (RFC 3463) as ``5.1.1``, empty where there is none; ``reason_code`` the stable word for it.
    ``diagnostic`` is the other side's wording, at most 500 characters, e-mail addresses masked.
    """

    message_id: str
    action: BounceAction
    status: str
    reason_code: str
    diagnostic: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BounceMail:
    """A mail of the bounce mailbox; ``bounce`` is None where it is no report on a message of ours.

    ``is_for_person``: nor was it written by a machine, as far as it says: somebody should read it.
    """

    content_sha256: str
    bounce: Bounce | None
    is_for_person: bool = False


class BounceEffect(StrEnum):
    """What came of a report.

    ``returned``: its delivery counts as sent no more, and a person has it; ``noted``: it is kept with its
    delivery, which stays as it is; ``unmatched``: no delivery has its Message-ID; ``foreign``: the mail is no
    report, or on nothing of ours; ``personal``: it is neither that nor an answer that a machine gave, and
    somebody should read it; ``repeated``: the same mail was read before.
    """

    RETURNED = "returned"
    NOTED = "noted"
    UNMATCHED = "unmatched"
    FOREIGN = "foreign"
    PERSONAL = "personal"
    REPEATED = "repeated"


RETURNABLE = frozenset({DeliveryState.SENT, DeliveryState.UNKNOWN})
"""States that a report of failure ends: the message was accepted, and did not arrive."""


def returns(bounce: Bounce, state: str) -> bool:
    """Tell whether a report makes a delivery of that state one that did not arrive.

    >>> said = {"message_id": "a@b.example", "status": "5.1.1", "reason_code": "", "diagnostic": ""}
    >>> returns(Bounce(action=BounceAction.FAILED, **said), "sent")
    True
    >>> returns(Bounce(action=BounceAction.DELAYED, **said), "sent")
    False
    """
    return bounce.action is BounceAction.FAILED and state in RETURNABLE
