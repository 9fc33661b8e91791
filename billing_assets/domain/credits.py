"""Credits: what a person may ask to give back of an invoice, and what cannot be given back.

Belongs here: the order, its reason and approver, and the errors that say what is left.
Does not belong here: the tax of a credit (``frames.credits``), the rows (``store.credits``).

A numbered document is never edited. What is wrong with it is given back by a credit note that names the lines
it credits, and billed anew where that is owed; see
docs/decisions/0014-a-credit-note-names-the-lines-it-credits.md.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from billing_assets.domain.errors import BillingError
from billing_assets.domain.money import plain_amount

_LONGEST_REASON = 1_000
_LONGEST_NAME = 100
_MOST_NAMED = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedCredit:
    """What to give back of an invoice: all of it, a whole line, or a net amount of a line, in minor units.

    Without ``line_number`` it is every line; without ``net_minor`` it is what is left.
    """

    invoice_number: str
    line_number: int | None = None
    net_minor: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditOrder:
    """Credits of one correction, each invoice in one credit note; all of them or none.

    ``billing_date`` is the as-of date of the correction, ``issuing_date`` the date that its documents are to
    carry: never before that of an invoice they credit, never before the last one of their number series.
    """

    company_code: str
    billing_date: date
    issuing_date: date
    credits: tuple[WantedCredit, ...]
    reason: str
    approved_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LineLeft:
    """What was charged on a line of an invoice and not given back yet, in minor units of ``currency``."""

    invoice_number: str
    line_number: int
    currency: str
    net_minor: int
    tax_minor: int


def approved_credit(reason: str, approved_by: str) -> tuple[str, str]:
    """Return reason and name on one line each; raise ``credit_unapproved`` where one is missing or too long.

    The reason is printed on the credit note.

    >>> approved_credit(" sold  the car ", "ana")
    ('sold the car', 'ana')
    """
    kept = tuple(" ".join(text.replace("\x00", " ").split()) for text in (reason, approved_by))
    if not 0 < len(kept[0]) <= _LONGEST_REASON or not 0 < len(kept[1]) <= _LONGEST_NAME:
        raise BillingError(
            "credit_unapproved",
            "a credit note has a reason and the name of who approved it; one of them is missing or too long",
            f"give both: --reason TEXT ({_LONGEST_REASON} characters at most) and --approved-by NAME "
            f"({_LONGEST_NAME} at most)",
        )
    return kept[0], kept[1]


def credit_exceeds_invoice(left: Sequence[LineLeft]) -> BillingError:
    """Return the error for lines of which more was asked than is ``left``, with what is.

    >>> left = LineLeft(
    ...     invoice_number="INV-00000042", line_number=1, currency="EUR", net_minor=12_50, tax_minor=1_00
    ... )
    >>> credit_exceeds_invoice([left]).found
    'more would be given back than is left: line 1 of INV-00000042 has 12.50 EUR net left'
    """
    named = "; ".join(
        f"line {line.line_number} of {line.invoice_number} has "
        f"{plain_amount(line.net_minor, line.currency)} {line.currency} net left"
        for line in left[:_MOST_NAMED]
    )
    more = f"; and {len(left) - _MOST_NAMED} more" if len(left) > _MOST_NAMED else ""
    return BillingError(
        "credit_exceeds_invoice",
        f"more would be given back than is left: {named}{more}",
        "credit at most that, an amount above zero; 'billing invoices show NUMBER' shows what was given back",
    )


def credit_line_unknown(invoice_number: str, line_number: int) -> BillingError:
    """Return the error for a line that the invoice does not have.

    >>> credit_line_unknown("INV-00000042", 3).code
    'credit_line_unknown'
    """
    return BillingError(
        "credit_line_unknown",
        f"{invoice_number} has no line {line_number}",
        "'billing invoices show NUMBER' shows its lines",
    )


def credit_of_credit(number: str) -> BillingError:
    """Return the error for a credit of a credit note.

    >>> credit_of_credit("CRN-00000001").code
    'credit_of_credit'
    """
    return BillingError(
        "credit_of_credit",
        f"{number} is a credit note, and a credit note is not credited",
        "bill again what was given back by mistake; name an invoice to credit",
    )
