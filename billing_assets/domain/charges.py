"""Charge kinds: what a line of an invoice can be for.

Belongs here: one row per kind. Does not belong here: amounts, or which tax falls on a kind (``taxes``).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from billing_assets.domain.ledger import INSTALLMENT_FEES, POLICY_FEES, WRITTEN_PREMIUM, Account


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargeKind:
    """A kind of charge; ``is_premium`` tells premium from fees, ``account`` is where the ledger has it.

    Of a kind that has been billed the account stays: what was posted never moves.
    """

    charge_kind: str
    is_premium: bool
    account: Account
    meaning: str


PREMIUM = ChargeKind(
    charge_kind="premium", is_premium=True, account=WRITTEN_PREMIUM, meaning="premium of a policy term"
)
POLICY_FEE = ChargeKind(
    charge_kind="policy_fee",
    is_premium=False,
    account=POLICY_FEES,
    meaning="the insurer's fee for making out the policy",
)
INSTALLMENT_FEE = ChargeKind(
    charge_kind="installment_fee",
    is_premium=False,
    account=INSTALLMENT_FEES,
    meaning="the insurer's fee for paying in installments",
)
PREMIUM_CHANGE = ChargeKind(
    charge_kind="premium_change",
    is_premium=True,
    account=WRITTEN_PREMIUM,
    meaning="premium that a change in the middle of a term adds, or takes off what is still to be billed",
)

CHARGE_KINDS: Mapping[str, ChargeKind] = MappingProxyType(
    {kind.charge_kind: kind for kind in (PREMIUM, POLICY_FEE, INSTALLMENT_FEE, PREMIUM_CHANGE)}
)
"""``charge_kind`` -> :class:`ChargeKind`.

>>> CHARGE_KINDS["premium"].is_premium
True
"""

ACCOUNT_OF_KIND: Mapping[str, int] = MappingProxyType(
    {kind.charge_kind: kind.account.account_number for kind in CHARGE_KINDS.values()}
)
"""``charge_kind`` -> number of the account that it is posted to."""


def taxed_kind(charge_kind: str) -> str:
    """Return the kind by which tax rows name a kind: they tax all premium alike.

    >>> taxed_kind("premium_change"), taxed_kind("installment_fee")
    ('premium', 'installment_fee')
    """
    return PREMIUM.charge_kind if charge_kind == PREMIUM_CHANGE.charge_kind else charge_kind
