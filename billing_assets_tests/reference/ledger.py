"""What an invoice posts to the ledger, added up line by line.

Belongs here: the accounts of an invoice, and the balances of many.
Does not belong here: what the invoice comes to (`invoices`).
"""

from collections import Counter
from collections.abc import Iterable

from billing_assets_tests.reference.policy import ReferenceInvoice

INCOME = {
    "premium": "written premium",
    "premium_change": "written premium",
    "policy_fee": "policy fees",
    "installment_fee": "installment fees",
}


def postings(invoice: ReferenceInvoice) -> dict[str, int]:
    """Return what an invoice debits (above 0) and credits (below 0), by the name of the account.

    >>> from billing_assets_tests.reference.cases import days, term
    >>> from billing_assets_tests.reference.invoices import invoices
    >>> policy = term("2024-01-15", "2025-01-15", 902_00, "half_yearly")
    >>> first, _ = invoices(policy, "ES", days("2023-12-01", "2024-12-31"))
    >>> postings(first)
    {'written premium': -45100, 'tax payable': -3676, 'receivable': 48776}
    """
    posted: Counter[str] = Counter()
    for line in invoice.lines:
        posted[INCOME[line.charge_kind]] -= line.net_minor
    for tax in invoice.taxes:
        posted["tax payable"] -= tax.tax_minor
    posted["cash rounding"] -= invoice.payable_minor - invoice.total_minor
    posted["receivable"] += invoice.payable_minor
    return {account: amount for account, amount in posted.items() if amount}


def balances(invoices: Iterable[ReferenceInvoice]) -> dict[tuple[str, str], int]:
    """Return the balance of each account by currency; of a bill of many policies each brings its lines."""
    found: Counter[tuple[str, str]] = Counter()
    for invoice in invoices:
        for line in invoice.lines:
            found[INCOME[line.charge_kind], invoice.currency] -= line.net_minor
            found["tax payable", invoice.currency] -= line.tax_minor
            found["receivable", invoice.currency] += line.net_minor + line.tax_minor
    return {key: amount for key, amount in found.items() if amount}
