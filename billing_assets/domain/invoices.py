"""What an invoice is once it has a number.

Belongs here: the record as it is frozen at issue, with everything its document shows. An
:class:`Invoice` is complete: it is rendered from itself alone, so that a later change to the
company, the payer or the policy cannot change a document that was issued.
Does not belong here: how amounts are computed (``frames``), how a document looks (``templates``).
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from billing_assets.domain.cash_rounding import CashRounding
from billing_assets.domain.product_names import ProductName


class DocumentKind(StrEnum):
    """The kinds of numbered document."""

    INVOICE = "invoice"
    CREDIT_NOTE = "credit_note"

    @property
    def sign(self) -> int:
        """What an amount of the kind counts in a sum: a credit note prints what it gives back above zero.

        >>> DocumentKind.INVOICE.sign, DocumentKind.CREDIT_NOTE.sign
        (1, -1)
        """
        return -1 if self is DocumentKind.CREDIT_NOTE else 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Creditor:
    """The insurer or MGA that issues the document, as of the issue date.

    ``address_lines`` has one to five lines without the country; ``country_code`` is ISO 3166
    alpha-2; ``iban`` and ``bic`` are compact (no spaces) or empty where bank transfer is not offered.
    ``product_names`` are what it calls its products.
    """

    company_code: str
    name: str
    address_lines: tuple[str, ...]
    country_code: str
    tax_number: str
    iban: str
    bic: str
    email: str
    phone: str
    website: str
    product_names: tuple[ProductName, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Payer:
    """Who pays the invoice, as of the issue date; ``language`` is a BCP 47 tag such as ``es``."""

    payer_key: str
    name: str
    address_lines: tuple[str, ...]
    country_code: str
    email: str
    language: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceLine:
    """One charge of one policy for one billing period ``[period_from_date, period_to_date)``.

    ``credited_line_number`` names the line of the credited invoice; None on an invoice. A line of one of
    several charges of the term has their number, code and name; of the whole premium they are 0 and empty.
    ``whole_net_minor`` is what all payers of the term together are charged for it, 0 where it has one payer
    and on a credit note.
    ``change_number`` is that of the endorsement whose premium the line charges, 0 of the premium at the
    beginning.
    """

    line_number: int
    policy_number: str
    product_code: str
    charge_kind: str
    installment_number: int
    installment_count: int
    period_from_date: date
    period_to_date: date
    net_minor: int
    tax_minor: int
    credited_line_number: int | None = None
    charge_number: int = 0
    charge_code: str = ""
    charge_name: str = ""
    change_number: int = 0
    whole_net_minor: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceTax:
    """One tax of the document: ``tax_minor`` is rounded once over ``base_minor``.

    ``rate_ppm`` is in parts per million (80000 = 8 %); where ``amount_minor`` is set, the tax is that fixed
    amount and has no rate. ``exemption_reason`` is empty unless ``category_code`` is ``E`` (EN 16931,
    exempt).
    """

    tax_code: str
    category_code: str
    rate_ppm: int
    base_minor: int
    tax_minor: int
    exemption_reason: str
    amount_minor: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditedInvoice:
    """The invoice that a credit note gives back, wholly or in part, and why."""

    invoice_number: str
    issue_date: date
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplacedInvoice:
    """The invoice in whose place another stands, which was given back in full."""

    invoice_number: str
    issue_date: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Invoice:
    """A numbered document, complete and frozen.

    Amounts are minor units of ``currency``; those of a credit note, which has ``credited``, are in favour
    of the payer. Its due date is its issue date and is not printed. ``replaces`` is what an invoice stands in
    the place of, None of most. ``rounding`` is there where the sum
    payable goes by what can be paid in cash. ``share_ppm`` is what the payer bears of the policy, in parts
    per million, where it has several payers; 0 where it has one. ``snapshot_sha256`` is the hash (hex) of
    the frozen record in the store; the same invoice always renders to the same bytes.

    Two sums, and which of them is meant: ``total_minor`` is exact, and is what is charged. Whatever adds
    documents up has it: run reports, lists, safety bounds, the reporting currency, what a credit note may
    give back. ``payable_minor`` is what the payer pays of this one document, and so what is owed of it.
    """

    invoice_id: int
    document_kind: DocumentKind
    invoice_number: str
    issue_date: date
    due_date: date
    tax_point_date: date
    currency: str
    net_minor: int
    tax_minor: int
    total_minor: int
    creditor: Creditor
    payer: Payer
    lines: tuple[InvoiceLine, ...]
    taxes: tuple[InvoiceTax, ...]
    snapshot_sha256: str
    credited: CreditedInvoice | None = None
    rounding: CashRounding | None = None
    share_ppm: int = 0
    replaces: ReplacedInvoice | None = None

    @property
    def payable_minor(self) -> int:
        """The amount due for payment (EN 16931, BT-115): the total and its cash rounding."""
        return self.total_minor + (self.rounding.cash_rounding_minor if self.rounding else 0)
