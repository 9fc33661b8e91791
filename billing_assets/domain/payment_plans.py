"""Payment plans: how the premium of a term is split and when each part is due.

Belongs here: the shipped default plans, dated, with their reasons. They seed the store, where the plans
that a run uses are read from.
Does not belong here: the arithmetic (``frames.schedules``, ``frames.installments``).
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from billing_assets.domain.business_days import HolidayBehaviour, LeadUnit, Roll
from billing_assets.domain.term_days import TermDayCount


class Residual(StrEnum):
    """Which installment takes what rounding leaves: of several that are the largest, the last of them."""

    LAST = "last"
    FIRST = "first"
    LARGEST = "largest"


class ChangeBilling(StrEnum):
    """When the additional premium of a change in the middle of a term is billed.

    ``now``: by an invoice of its own, with the next run. ``next``: with the next installment. ``spread``:
    over the installments that are left. Where none is left, each of them is now.
    """

    NOW = "now"
    NEXT = "next"
    SPREAD = "spread"


class BillPer(StrEnum):
    """What stands on one bill: the charges of a policy, or those of all policies of a payer.

    ``payer`` gathers what one run bills of the payer in one currency and place of risk and what falls due on
    one day with as many days to pay.
    """

    POLICY = "policy"
    PAYER = "payer"


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentPlan:
    """One dated plan row.

    An installment is due ``due_days`` after its billing period begins, rolled by ``due_roll`` on the
    calendar of the policy's place. Its invoice is made ``lead_days`` before the due date: calendar days, or
    days on which the company is open, by ``lead_unit``. Where the company is closed on that day, the invoice
    is made on an open day by ``generate_roll``, or on the day itself and sent later, by
    ``holiday_behaviour``. However late it is issued, its payer has ``minimum_payment_days`` calendar days
    from the issue date. ``valid_to`` is exclusive, None is open.

    ``pattern`` is the recurrence rule or the list of dates of the frequencies ``own_rule`` and ``own_dates``.

    With ``maximum_installment_count`` only so many periods, from the first on, have an installment, and the
    last of them runs to the end of the term; they are equal, or go by ``weights`` (``40 30 30``). A down
    payment (``down_payment_ppm`` of the premium, or ``down_payment_minor`` in its currency) is the first of
    them, and the weights are those of the others. No installment falls due in the last ``blackout_days`` of
    the term. Each installment of a term that has several carries ``installment_fee_minor``. Installments
    that come to less than ``minimum_bill_minor`` wait for the next one. Nought and empty: nothing is
    arranged, each period has an installment, weighed by its days. ``currency`` is that of the amounts in
    the row, empty where it has none. ``change_billing`` says when additional premium of a change is billed.
    ``day_count`` is how the days of a term count: where a period is partial, where cover ends early, for what
    is earned and for changes; by ``actual_365_fixed`` every installment is weighed by its days.
    ``bill_per`` says whether the policies of a payer stand on one bill.
    """

    plan_code: str
    frequency_code: str
    pattern: str = ""
    lead_days: int
    lead_unit: LeadUnit = LeadUnit.CALENDAR
    due_days: int = 0
    due_roll: Roll = Roll.FOLLOWING
    generate_roll: Roll = Roll.PRECEDING
    holiday_behaviour: HolidayBehaviour = HolidayBehaviour.NEXT_OPEN_DAY
    minimum_payment_days: int = 0
    maximum_installment_count: int = 0
    weights: str = ""
    residual: Residual = Residual.LAST
    down_payment_ppm: int = 0
    down_payment_minor: int = 0
    installment_fee_minor: int = 0
    minimum_bill_minor: int = 0
    currency: str = ""
    blackout_days: int = 0
    change_billing: ChangeBilling = ChangeBilling.NOW
    day_count: TermDayCount = TermDayCount.ACTUAL_TERM
    bill_per: BillPer = BillPer.POLICY
    valid_from: date = date(1990, 1, 1)
    valid_to: date | None = None
    source: str

    @property
    def has_down_payment(self) -> bool:
        """Whether the first installment is an amount of its own."""
        return bool(self.down_payment_ppm or self.down_payment_minor)

    @property
    def is_arranged(self) -> bool:
        """Whether its installments are other than whole periods of one weight, and parts of them by days."""
        return bool(
            self.maximum_installment_count
            or self.residual is not Residual.LAST
            or self.has_down_payment
            or self.installment_fee_minor
            or self.minimum_bill_minor
            or self.blackout_days
            or self.day_count is TermDayCount.ACTUAL_365_FIXED
        )

    @property
    def shared_weights(self) -> tuple[int, ...]:
        """The weights that the plan names, in order; none where it names none."""
        return tuple(int(word) for word in self.weights.split())


_TWO_WEEKS = (
    "house default; 14 days to pay: SEPA Direct Debit Core Rulebook (pre-notification), "
    "VVG s. 33 (1) (first premium)"
)

DEFAULT_PLANS = (
    PaymentPlan(
        plan_code="one_off",
        frequency_code="one_off",
        lead_days=30,
        minimum_payment_days=14,
        source=_TWO_WEEKS,
    ),
    PaymentPlan(
        plan_code="daily",
        frequency_code="daily",
        lead_days=0,
        source="house default: billed on the day itself",
    ),
    PaymentPlan(
        plan_code="weekly",
        frequency_code="weekly",
        lead_days=3,
        minimum_payment_days=3,
        source="house default; a late invoice leaves as many days to pay as one in time",
    ),
    PaymentPlan(
        plan_code="two_weekly",
        frequency_code="two_weekly",
        lead_days=7,
        minimum_payment_days=7,
        source="house default; a late invoice leaves as many days to pay as one in time",
    ),
    PaymentPlan(
        plan_code="monthly",
        frequency_code="monthly",
        lead_days=14,
        minimum_payment_days=14,
        source="house default: the SEPA Direct Debit Core Rulebook asks for a pre-notification "
        "of 14 calendar days",
    ),
    *(
        PaymentPlan(
            plan_code=frequency_code,
            frequency_code=frequency_code,
            lead_days=14,
            minimum_payment_days=14,
            source=_TWO_WEEKS,
        )
        for frequency_code in ("first_of_month", "second_tuesday", "last_business_day", "two_monthly")
    ),
    PaymentPlan(
        plan_code="first_and_fifteenth",
        frequency_code="first_and_fifteenth",
        lead_days=10,
        minimum_payment_days=10,
        source="house default; a late invoice leaves as many days to pay as one in time",
    ),
    PaymentPlan(
        plan_code="quarterly",
        frequency_code="quarterly",
        lead_days=21,
        minimum_payment_days=14,
        source=_TWO_WEEKS,
    ),
    PaymentPlan(
        plan_code="four_monthly",
        frequency_code="four_monthly",
        lead_days=21,
        minimum_payment_days=14,
        source=_TWO_WEEKS,
    ),
    PaymentPlan(
        plan_code="half_yearly",
        frequency_code="half_yearly",
        lead_days=30,
        minimum_payment_days=14,
        source=_TWO_WEEKS,
    ),
    PaymentPlan(
        plan_code="yearly",
        frequency_code="yearly",
        lead_days=30,
        minimum_payment_days=14,
        source=_TWO_WEEKS,
    ),
)
"""Shipped plans; ``plan_code`` equals the frequency they bill by.

>>> [plan.plan_code for plan in DEFAULT_PLANS if plan.lead_days >= 30]
['one_off', 'half_yearly', 'yearly']
"""
