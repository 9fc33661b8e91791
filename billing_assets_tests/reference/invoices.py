"""From installments to invoices, run by run.

Belongs here: which run catches an installment, what stands on one invoice, what is printed on it.
Does not belong here: numbers, documents, and books that change between runs: the policy is known from the
first run on, and each run issues on its own date.
"""

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cache
from itertools import groupby

from billing_assets.domain.cash_rounding import CashUnit
from billing_assets.domain.payment_plans import DEFAULT_PLANS, PaymentPlan
from billing_assets.domain.tax_rule import TaxRule
from billing_assets.domain.taxes import shipped_tax_rules
from billing_assets_tests.reference.calendars import NO_DAYS, NO_OWN_DAYS, is_closed, roll
from billing_assets_tests.reference.cash_rounding import payable
from billing_assets_tests.reference.charge_lines import split
from billing_assets_tests.reference.installments import installments
from billing_assets_tests.reference.payer_shares import shared
from billing_assets_tests.reference.periods import plan_of
from billing_assets_tests.reference.policy import (
    ReferenceInstallment,
    ReferenceInvoice,
    ReferenceLine,
    ReferencePolicy,
    ReferenceTax,
)
from billing_assets_tests.reference.taxes import LineTax, NoTaxRuleError, TaxedLine, tax_document

SHIPPED_TAX_RULES = shipped_tax_rules()


def invoices(
    policy: ReferencePolicy,
    company_place_code: str,
    run_dates: Iterable[date],
    *,
    plans: tuple[PaymentPlan, ...] = DEFAULT_PLANS,
    tax_rules: Sequence[TaxRule] = SHIPPED_TAX_RULES,
    own: Mapping[str, frozenset[date]] = NO_OWN_DAYS,
    cash_units: Sequence[CashUnit] = (),
) -> list[ReferenceInvoice]:
    """Return the invoices that runs on `run_dates` make, in the order of run and planned due date.

    The runs are taken in the order of their dates; on a date that is closed for the company a run bills the
    plans alone that hold the sending. An installment that no run reaches is not billed. Those recorded as
    zero stand on no invoice.
    """
    plan = plan_of(policy, plans)
    if plan.holiday_behaviour.value == "hold_sending":
        dates = sorted(set(run_dates))
    else:
        dates = open_run_dates(company_place_code, run_dates, own["generate"])
    caught: list[tuple[date, date, ReferenceInstallment]] = []
    for installment in installments(policy, company_place_code, plans=plans, own=own):
        run_date = catching_run(installment, dates)
        if run_date is not None and installment.zero_code is None:
            caught.append((run_date, installment.due_date, installment))
    caught.sort(key=lambda item: (item[0], item[1], item[2].number))
    exact = [
        invoice
        for (run_date, due_date), group in groupby(caught, key=lambda item: item[:2])
        for invoice in _bill(
            policy, plan, run_date, due_date, [item[2] for item in group], tax_rules, own["due"]
        )
    ]
    return [
        replace(item, payable_minor=payable(item.currency, item.total_minor, item.issue_date, cash_units))
        for item in exact
    ]


def open_run_dates(
    company_place_code: str, run_dates: Iterable[date], own: frozenset[date] = NO_DAYS
) -> list[date]:
    """Return the dates on which the company makes invoices, sorted."""
    return _open_ones(company_place_code, tuple(run_dates), own)


@cache
def _open_ones(place_code: str, days: tuple[date, ...], own: frozenset[date]) -> list[date]:
    """The same; they are asked for once a policy."""
    return sorted({day for day in days if not is_closed(place_code, day, own)})


def catching_run(installment: ReferenceInstallment, dates: list[date]) -> date | None:
    """Return the first of the sorted `dates` that is not before the billing date, or None."""
    position = bisect_left(dates, installment.billing_date)
    return dates[position] if position < len(dates) else None


def _bill(
    policy: ReferencePolicy,
    plan: PaymentPlan,
    run_date: date,
    planned_due_date: date,
    items: list[ReferenceInstallment],
    tax_rules: Sequence[TaxRule],
    own_due_days: frozenset[date],
) -> list[ReferenceInvoice]:
    """The invoices of a due date, one for each payer who has a line; all of them are issued, or none is."""
    charges = [charge for item in items for charge in _charges(policy, plan, item)]
    numbers = [payer.number for payer in policy.payers] or [0]
    of_payer = {number: _of_payer(policy, charges, number) for number in numbers}
    first = next((number for number in numbers if any(each.item.number == 1 for each in of_payer[number])), 0)
    printed = _printed_due_date(
        planned_due_date,
        run_date + timedelta(days=plan.minimum_payment_days),
        policy.place_code,
        own_due_days,
    )
    made = [
        replace(
            _invoice(policy, own, tax_rules, is_of_first_payer=number == first),
            run_date=run_date,
            issue_date=run_date,
            planned_due_date=planned_due_date,
            due_date=printed,
            payer_number=number,
        )
        for number, own in of_payer.items()
        if own
    ]
    return made if all(not each.problem_code for each in made) else [_failed(each) for each in made]


def _failed(invoice: ReferenceInvoice) -> ReferenceInvoice:
    """The invoice as one that cannot be issued, because it or that of another payer has no tax."""
    untaxed = tuple(replace(line, tax_minor=0) for line in invoice.lines)
    return replace(
        invoice,
        lines=untaxed,
        taxes=(),
        tax_minor=0,
        total_minor=invoice.net_minor,
        payable_minor=invoice.net_minor,
        problem_code="no_tax_rule",
    )


def _invoice(
    policy: ReferencePolicy,
    charges: list["_Charge"],
    tax_rules: Sequence[TaxRule],
    *,
    is_of_first_payer: bool,
) -> ReferenceInvoice:
    """One invoice; its dates are those of the first line's period until they are known."""
    taxes: list[ReferenceTax] = []
    shares = [LineTax(tax_minor=0, contained_minor=0)] * len(charges)
    problem_code = ""
    try:
        lines = [_taxed_line(policy, charge, is_of_first_payer=is_of_first_payer) for charge in charges]
        taxes, shares = tax_document(lines, tax_rules)
    except NoTaxRuleError:
        problem_code = "no_tax_rule"
    net = sum(charge.amount_minor for charge in charges) - sum(share.contained_minor for share in shares)
    tax = sum(group.tax_minor for group in taxes)
    return ReferenceInvoice(
        policy_number=policy.policy_number,
        currency=policy.currency,
        run_date=charges[0].item.period_from,
        issue_date=charges[0].item.period_from,
        planned_due_date=charges[0].item.period_from,
        due_date=charges[0].item.period_from,
        lines=tuple(_line(charge, share) for charge, share in zip(charges, shares, strict=True)),
        taxes=tuple(taxes),
        net_minor=net,
        tax_minor=tax,
        total_minor=net + tax,
        payable_minor=net + tax,
        problem_code=problem_code,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Charge:
    """What a line is for, and its price; `before_minor` is what is planned of it before, of a fee nothing."""

    item: ReferenceInstallment
    charge_kind: str
    charge_number: int
    line_of_business: str
    before_minor: int
    amount_minor: int


def _of_payer(policy: ReferencePolicy, charges: list[_Charge], number: int) -> list[_Charge]:
    """The charges as one payer has them; 0 stands for the only one."""
    if not policy.payers:
        return charges
    own = [
        replace(charge, amount_minor=shared(policy.payers, charge.before_minor, charge.amount_minor)[number])
        for charge in charges
    ]
    return [charge for charge in own if charge.amount_minor]


def _charges(policy: ReferencePolicy, plan: PaymentPlan, item: ReferenceInstallment) -> list[_Charge]:
    """The premium of an installment, by charges where there are several, and its fee.

    There is a fee where the plan has one and the term has several installments.
    """
    line = policy.line_of_business
    whole = _Charge(
        item=item,
        charge_kind="premium",
        charge_number=0,
        line_of_business=line,
        before_minor=item.before_minor,
        amount_minor=item.net_minor,
    )
    premium = [
        replace(
            whole,
            charge_number=charge.number,
            line_of_business=charge.line_of_business,
            before_minor=before,
            amount_minor=amount,
        )
        for charge, before, amount in split(policy.charges, item)
    ] or [whole]
    if plan.installment_fee_minor and item.count > 1:
        fee = replace(
            whole,
            charge_kind="installment_fee",
            before_minor=0,
            amount_minor=plan.installment_fee_minor,
        )
        return [*premium, fee]
    return premium


def _taxed_line(policy: ReferencePolicy, charge: _Charge, *, is_of_first_payer: bool) -> TaxedLine:
    return TaxedLine(
        place_code=policy.place_code,
        line_of_business=charge.line_of_business,
        currency=policy.currency,
        charge_kind=charge.charge_kind,
        term=policy.policy_number,
        term_begins=policy.effective_date,
        period_begins=charge.item.tax_point_date,
        installment_number=charge.item.number,
        price_minor=charge.amount_minor,
        is_of_first_payer=is_of_first_payer,
    )


def _line(charge: _Charge, tax: LineTax) -> ReferenceLine:
    return ReferenceLine(
        installment_number=charge.item.number,
        charge_kind=charge.charge_kind,
        charge_number=charge.charge_number,
        period_from=charge.item.period_from,
        period_to=charge.item.period_to,
        net_minor=charge.amount_minor - tax.contained_minor,
        tax_minor=tax.tax_minor,
    )


def _printed_due_date(
    planned_due_date: date, earliest_date: date, place_code: str, own: frozenset[date]
) -> date:
    """The planned due date, unless that leaves less time to pay than the plan promises."""
    if planned_due_date >= earliest_date:
        return planned_due_date
    return roll(earliest_date, "following", place_code, own)
