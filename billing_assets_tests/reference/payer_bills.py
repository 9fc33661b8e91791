"""From the invoices of single policies to bills of a payer.

Belongs here: which of them a payer has on one bill, and the tax of all its lines together.
Does not belong here: what is due of a policy and when (`installments`, `invoices`).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from billing_assets.domain.tax_rule import TaxRule
from billing_assets_tests.reference.invoices import SHIPPED_TAX_RULES
from billing_assets_tests.reference.policy import ReferenceInvoice, ReferencePolicy
from billing_assets_tests.reference.taxes import TaxedLine, tax_document


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyBill:
    """What one policy would be billed by itself; `payer` is empty where its plan bills by policy."""

    policy: ReferencePolicy
    payer: str
    days_to_pay: int
    invoice: ReferenceInvoice


def gathered(
    bills: Sequence[PolicyBill], tax_rules: Sequence[TaxRule] = SHIPPED_TAX_RULES
) -> list[PolicyBill]:
    """Return the bills with the taxes that their lines have on the bill of the payer, and its totals.

    On one bill stands what a run bills a payer in one currency and place of risk, due on one planned day with
    as many days to pay, policy by policy. No price contains its tax here, and no premium is several charges.
    """
    found = []
    groups: dict[tuple[object, ...], list[PolicyBill]] = {}
    for bill in sorted(bills, key=lambda each: each.policy.policy_number):
        groups.setdefault(_key(bill), []).append(bill)
    for group in groups.values():
        lines = [line for bill in group for line in _taxed(bill)]
        taxes, shares = tax_document(lines, tax_rules)
        net, tax = sum(line.price_minor for line in lines), sum(each.tax_minor for each in taxes)
        left = list(shares)
        for bill in group:
            own, left = left[: len(bill.invoice.lines)], left[len(bill.invoice.lines) :]
            taxed = tuple(
                replace(line, tax_minor=share.tax_minor)
                for line, share in zip(bill.invoice.lines, own, strict=True)
            )
            whole = replace(
                bill.invoice,
                lines=taxed,
                net_minor=net,
                tax_minor=tax,
                total_minor=net + tax,
                taxes=tuple(taxes),
            )
            found.append(replace(bill, invoice=whole))
    return found


def _key(bill: PolicyBill) -> tuple[object, ...]:
    policy, invoice = bill.policy, bill.invoice
    due: tuple[date, date] = (invoice.run_date, invoice.planned_due_date)
    if not bill.payer:
        return (policy.policy_number, *due)
    return ("", bill.payer, policy.currency, policy.place_code, bill.days_to_pay, *due)


def _taxed(bill: PolicyBill) -> list[TaxedLine]:
    policy = bill.policy
    return [
        TaxedLine(
            place_code=policy.place_code,
            line_of_business=policy.line_of_business,
            currency=policy.currency,
            charge_kind=line.charge_kind,
            term=policy.policy_number,
            term_begins=policy.effective_date,
            period_begins=line.period_from,
            installment_number=line.installment_number,
            price_minor=line.net_minor,
        )
        for line in bill.invoice.lines
    ]
