"""Decisions: what a person may decide on a delivery that did not simply arrive.

Belongs here: the decisions, which state each needs and leads to, and why one is refused.
Does not belong here: the states themselves (``deliveries``), the rows (``store.delivery_decisions``).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from billing_assets.domain.deliveries import DeliveryState
from billing_assets.domain.errors import BillingError

_LONGEST_NOTE = 1_000
_LONGEST_NAME = 100


class Decision(StrEnum):
    """What a person decides: it did arrive, send it again, or send it no more."""

    DELIVERED = "delivered"
    AGAIN = "again"
    GIVEN_UP = "given-up"


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionRule:
    """What a decision does to a delivery in one of ``from_states``; ``reason_code`` then says who decided."""

    from_states: frozenset[DeliveryState]
    to_state: DeliveryState
    reason_code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DecidedDelivery:
    """A decision as it is kept: what was decided, by whom, when, why, and what it changed."""

    delivery_id: int
    decision: str
    note: str
    decided_by: str
    decided_at: datetime
    state_before: str
    reason_before: str
    state_after: str


DECISIONS: Mapping[Decision, DecisionRule] = MappingProxyType(
    {
        Decision.DELIVERED: DecisionRule(
            from_states=frozenset({DeliveryState.UNKNOWN}),
            to_state=DeliveryState.SENT,
            reason_code="delivered_by_decision",
        ),
        Decision.AGAIN: DecisionRule(
            from_states=frozenset({DeliveryState.FAILED, DeliveryState.UNKNOWN}),
            to_state=DeliveryState.QUEUED,
            reason_code="again_by_decision",
        ),
        Decision.GIVEN_UP: DecisionRule(
            from_states=frozenset({DeliveryState.QUEUED, DeliveryState.FAILED, DeliveryState.UNKNOWN}),
            to_state=DeliveryState.FAILED,
            reason_code="given_up",
        ),
    }
)
"""Decision -> :class:`DecisionRule`. Nothing leads out of ``sent``, and nobody decides over a sender.

>>> sorted(DECISIONS[Decision.AGAIN].from_states)
[<DeliveryState.FAILED: 'failed'>, <DeliveryState.UNKNOWN: 'unknown'>]
"""

GIVEN_UP_REASON = DECISIONS[Decision.GIVEN_UP].reason_code
"""The reason of a delivery that nobody has to deal with any more."""


def decision_refused(
    delivery_id: int, decision: Decision, state: str | None, reason_code: str = "", other_way: str = ""
) -> BillingError:
    """Return why ``decision`` cannot be taken on a delivery in ``state``; None: there is no such delivery.

    Codes: ``delivery_unknown``, ``delivery_sent``, ``delivery_sending``, ``delivery_given_up``,
    ``delivery_goes_another_way`` (``other_way`` is the channel), ``delivery_without_address``,
    ``decision_refused``.

    >>> decision_refused(7, Decision.AGAIN, "sent").found
    'delivery 7 was sent'
    """
    if state is None:
        return delivery_unknown(delivery_id)
    if other_way and decision is Decision.AGAIN and state in DECISIONS[decision].from_states:
        return BillingError(
            "delivery_goes_another_way",
            f"delivery {delivery_id} is followed by one on another channel: {other_way}",
            "wait for that one; if it fails too, this one can be sent again",
        )
    code, found, todo = _refusal(decision, state, reason_code)
    return BillingError(code, f"delivery {delivery_id} {found}", todo)


def delivery_unknown(delivery_id: int) -> BillingError:
    """Return the error for a number that is no delivery of the company.

    >>> delivery_unknown(7).found
    'there is no delivery 7'
    """
    return BillingError(
        "delivery_unknown", f"there is no delivery {delivery_id}", "'billing deliveries' shows the numbers"
    )


def _refusal(decision: Decision, state: str, reason_code: str) -> tuple[str, str, str]:
    if state == DeliveryState.SENT:
        return "delivery_sent", "was sent", "nothing is left to decide; a sent message is never sent again"
    if state == DeliveryState.SENDING:
        return (
            "delivery_sending",
            "is in the hands of a sender",
            "wait for it; if it died, the next 'billing deliver' marks the row unknown: decide then",
        )
    if reason_code == GIVEN_UP_REASON and decision is Decision.GIVEN_UP:
        return "delivery_given_up", "is given up already", "to send it after all: --as again"
    if decision is Decision.AGAIN and state in DECISIONS[decision].from_states:
        return (
            "delivery_without_address",
            "has nowhere to go: no address of its payer for its channel is known",
            "import a policy book that has one; if it reached the payer another way: --as given-up",
        )
    return "decision_refused", f"is {state}", _TODO[decision]


_TODO = {
    Decision.DELIVERED: "only an unknown one may turn out delivered; if it went another way: --as given-up",
    Decision.AGAIN: "it waits already and is sent by the next 'billing deliver'",
}


def signed(note: str, name: str, note_option: str = "--note", name_option: str = "--by") -> tuple[str, str]:
    """Return a note and the name under it, each on one line, as a record keeps them.

    Raises:
        BillingError: ``note_missing`` or ``name_missing`` where there is nothing to keep, or more than
            1,000 characters of a note or 100 of a name.

    >>> signed(" it arrived,  the agent says ", "ana")
    ('it arrived, the agent says', 'ana')
    """
    word = note_option.removeprefix("--")
    kept_note, kept_name = (" ".join(text.replace("\x00", " ").split()) for text in (note, name))
    if not 0 < len(kept_note) <= _LONGEST_NOTE:
        raise BillingError(
            "note_missing",
            f"the {word} has {len(kept_note)} characters" if kept_note else f"a {word} is missing",
            f"say why, for whoever asks later: {note_option} TEXT, at most {_LONGEST_NOTE} characters",
        )
    if not 0 < len(kept_name) <= _LONGEST_NAME:
        raise BillingError(
            "name_missing",
            f"the name has {len(kept_name)} characters" if kept_name else "nobody is named as who decides",
            f"say who decides: {name_option} NAME, at most {_LONGEST_NAME} characters",
        )
    return kept_note, kept_name
