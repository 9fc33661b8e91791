"""Replacements: an issued invoice is given back in full, and a new one is issued in its place.

Belongs here: the order, what may differ between the two, and the errors that say why it cannot be done.
Does not belong here: what the new one comes to (``frames``), the rows (``store.replacements``).

A numbered document is never edited; see
docs/decisions/0032-a-replacement-bills-its-installments-once-more.md.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from billing_assets.domain.errors import BillingError


class Change(StrEnum):
    """What a replacement has otherwise than the invoice that it replaces."""

    LINES = "lines"
    TAXES = "taxes"
    PAYER = "payer"
    COMPANY = "company"
    POLICY = "policy"
    PLAN = "plan"


CHANGE_WORDS: dict[Change, str] = {
    Change.LINES: "what is charged, or for which days",
    Change.TAXES: "the taxes",
    Change.PAYER: "the payer, or what is printed of them",
    Change.COMPANY: "what is printed of the company",
    Change.POLICY: "the policy as the book has it",
    Change.PLAN: "the row of the payment plan",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplacementOrder:
    """One invoice that is to be replaced, with a reason and the name of who approved it.

    ``billing_date`` is the as-of date of the correction, ``issuing_date`` the date that its documents are to
    carry. With ``is_forced`` it is replaced also where the new invoice says the same.
    """

    company_code: str
    billing_date: date
    issuing_date: date
    invoice_number: str
    reason: str
    approved_by: str
    is_forced: bool = False


def invoice_reversed(number: str, replaced_by: str) -> BillingError:
    """Return the error for an invoice of which nothing is left.

    >>> invoice_reversed("INV-00000042", "INV-00000057").found
    'nothing is left of INV-00000042: INV-00000057 stands in its place'
    """
    why = f"{replaced_by} stands in its place" if replaced_by else "it was given back in full"
    todo = f"regenerate {replaced_by}" if replaced_by else "bill what is owed by another invoice"
    return BillingError("invoice_reversed", f"nothing is left of {number}: {why}", todo)


def replacement_unchanged(number: str) -> BillingError:
    """Return the error for a replacement that would say what the invoice says.

    >>> replacement_unchanged("INV-00000042").code
    'replacement_unchanged'
    """
    return BillingError(
        "replacement_unchanged",
        f"{number} would come out as it is; nothing was written",
        "correct first what is wrong (the book, a tax row, a plan, the company), or say --even-if-same",
    )


def replacement_not_due(policy_number: str, installment_number: int, why: str) -> BillingError:
    """Return the error for an installment that today's book and rules do not bill.

    >>> replacement_not_due("P-1", 3, "cover ended before it").found
    'installment 3 of policy P-1 cannot be billed again: cover ended before it'
    """
    return BillingError(
        "replacement_not_due",
        f"installment {installment_number} of policy {policy_number} cannot be billed again: {why}",
        "nothing was written; correct what stands against it, or credit the invoice and replace nothing",
    )


def replacement_unsupported(number: str, why: str) -> BillingError:
    """Return the error for an invoice that is not replaced as a whole: of changed or of shared terms.

    >>> replacement_unsupported("INV-00000042", "policy P-1 has several payers").code
    'replacement_unsupported'
    """
    return BillingError(
        "replacement_unsupported",
        f"{number} is not regenerated: {why}",
        "nothing was written; credit it, in part or in full, with 'billing invoices credit'",
    )


def replacement_of_credit(number: str) -> BillingError:
    """Return the error for a credit note, which nothing replaces.

    >>> replacement_of_credit("CRN-00000001").code
    'replacement_of_credit'
    """
    return BillingError(
        "replacement_of_credit",
        f"{number} is a credit note, and a credit note is not regenerated",
        "name the invoice that stands: 'billing invoices show' on the invoice says what replaced it",
    )


def replaced_meanwhile(number: str) -> BillingError:
    """Return the error for an invoice that another program has credited or replaced at the same time.

    >>> replaced_meanwhile("INV-00000042").code
    'replaced_meanwhile'
    """
    return BillingError(
        "replaced_meanwhile",
        f"another program has credited or replaced {number} meanwhile; nothing was written",
        "'billing invoices show' says what is left of it",
    )


def run_waiting(billing_date: date) -> BillingError:
    """Return the error for a run that waits for a decision: what it would bill rests on what is billed now.

    >>> run_waiting(date(2025, 1, 31)).code
    'run_waiting'
    """
    return BillingError(
        "run_waiting",
        f"the run of {billing_date} waits for a decision, on what was billed as it stands",
        "approve or reject it first ('billing runs approve', 'billing runs reject'), then regenerate",
    )
