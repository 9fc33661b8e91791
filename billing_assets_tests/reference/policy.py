"""What goes into the reference and what comes out of it, as plain records.

Belongs here: the records. Does not belong here: the rules that fill them.
"""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceCharge:
    """One of several charges of which a premium is made, with its own line of business."""

    number: int
    line_of_business: str
    amount_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferencePayer:
    """One of several payers of a policy; the shares of all of them are a million."""

    number: int
    share_ppm: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferencePolicy:
    """One policy term, as the book gives it; `cover_to_date` None means that cover lasts to the end.

    `charges` are what the premium is made of, none where it is one charge; `payers` are those who share it,
    none where it has one.
    """

    policy_number: str
    line_of_business: str
    place_code: str
    currency: str
    plan_code: str
    effective_date: date
    expiration_date: date
    anchor_date: date
    cover_to_date: date | None
    cut_over_date: date
    premium_minor: int
    charges: tuple[ReferenceCharge, ...] = ()
    payers: tuple[ReferencePayer, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceInstallment:
    """One installment that is due or is recorded as zero.

    `number` counts from 1, `count` is the number of periods of the whole term, billed or not. `period_to` is
    the end of the billing period also where cover ends inside it; `covered_to` is where cover ends in it.
    `before_minor` is what the installments before it are planned to cost together.
    `zero_code` is None where something is to be billed, else `no_cover`, `zero_premium` or `rounds_to_zero`.
    """

    number: int
    count: int
    period_from: date
    period_to: date
    covered_to: date
    before_minor: int
    planned_minor: int
    net_minor: int
    nominal_due_date: date
    due_date: date
    billing_date: date
    zero_code: str | None

    @property
    def tax_point_date(self) -> date:
        """The day whose tax rows count: the first of the period."""
        return self.period_from


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceLine:
    """One line of an invoice: the premium of one installment, its part of a charge, or its fee.

    `charge_number` is 0 for the whole premium, and for a fee.
    """

    installment_number: int
    charge_kind: str
    charge_number: int
    period_from: date
    period_to: date
    net_minor: int
    tax_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceTax:
    """One tax row on one invoice, with the amount that it fell on."""

    tax_code: str
    rate_ppm: int
    valid_from: date
    category_code: str
    base_minor: int
    tax_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceInvoice:
    """One invoice of one policy term.

    `payable_minor` is the total, rounded to what can be paid in cash where that is asked for.
    `planned_due_date` groups the lines, `due_date` is the one that is printed. `problem_code` is empty, or
    says why the invoice failed (`no_tax_rule`); its taxes are then empty and its tax is 0. `payer_number` is
    0 where the policy has one payer.
    """

    policy_number: str
    currency: str
    run_date: date
    issue_date: date
    planned_due_date: date
    due_date: date
    lines: tuple[ReferenceLine, ...]
    taxes: tuple[ReferenceTax, ...]
    net_minor: int
    tax_minor: int
    total_minor: int
    payable_minor: int
    problem_code: str
    payer_number: int = 0
