"""Payments: money that came in, what came back of it, and where it stands.

Belongs here: what an entry of a bank or of a person says, and whether it can be taken.
Does not belong here: what a payment pays (``allocation``), files (``feeds``), postings (``ledger``).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from types import MappingProxyType

from billing_assets.domain.errors import BillingError
from billing_assets.domain.money import CURRENCIES, parse_minor

LONGEST_KEY, LONGEST_REMITTANCE, LONGEST_NAME = 300, 2_000, 200
_FIRST_DATE, _LAST_DATE = date(1990, 1, 1), date(2200, 1, 1)
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


class SourceKind(StrEnum):
    """Where an entry is from; its key is unique within its source."""

    BANK_TRANSFER = "bank_transfer"
    CASH = "cash"
    GATEWAY = "gateway"


class PaymentState(StrEnum):
    """Where a payment stands; derived from its rows, never stored."""

    SUSPENSE = "suspense"
    ON_ACCOUNT = "on_account"
    PART_ALLOCATED = "part_allocated"
    ALLOCATED = "allocated"
    REVERSED = "reversed"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPayment:
    """Money that came in. ``payer_key`` is empty where the entry names no payer of the book.

    ``end_to_end_key`` is the payer's own reference, by which a return may name the payment. ``charge_minor``
    is what the bank kept of it: the payer paid ``amount_minor``.
    """

    source_kind: SourceKind
    external_key: str
    currency: str
    amount_minor: int
    value_date: date
    booking_date: date
    charge_minor: int = 0
    end_to_end_key: str = ""
    payer_key: str = ""
    payer_name: str = ""
    remittance_text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewReturn:
    """Money that went back: a return or a chargeback of a payment, whole or part.

    ``original_key`` is the key of the payment, or its ``end_to_end_key`` where no other payment has the same.
    """

    source_kind: SourceKind
    external_key: str
    original_key: str
    currency: str
    amount_minor: int
    value_date: date
    booking_date: date
    reason_code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentProblem:
    """An entry that cannot be taken: where it stands, what is wrong, and what it said."""

    row_number: int
    record_key: str
    problem_code: str
    field_name: str
    original_value: str
    original_row: str


def state_of(
    amount_minor: int, reversed_minor: int, allocated_minor: int, *, has_owner: bool
) -> PaymentState:
    """Return where a payment stands, by what came back of it and what of it pays documents.

    >>> state_of(100, 0, 40, has_owner=True), state_of(100, 100, 0, has_owner=False)
    (<PaymentState.PART_ALLOCATED: 'part_allocated'>, <PaymentState.REVERSED: 'reversed'>)
    """
    left = amount_minor - reversed_minor
    if left == 0:
        return PaymentState.REVERSED
    if not has_owner:
        return PaymentState.SUSPENSE
    if allocated_minor == 0:
        return PaymentState.ON_ACCOUNT
    return PaymentState.ALLOCATED if allocated_minor == left else PaymentState.PART_ALLOCATED


def amount_of(written: str, currency: str) -> int:
    """Return an amount above zero as minor units.

    Raises:
        ValueError: with a code of ``PAYMENT_PROBLEMS`` as its text.

    >>> amount_of("12.50", "EUR")
    1250
    """
    if currency not in CURRENCIES:
        raise ValueError("payment_currency_unknown")
    try:
        amount = parse_minor(written, currency)
    except ValueError as error:
        raise ValueError(f"payment_{error}") from None
    if amount <= 0:
        raise ValueError("payment_amount_not_positive")
    return amount


def day_of(written: str) -> date:
    """Return a date written as YYYY-MM-DD; the text of the ``ValueError`` is a problem code.

    >>> day_of("2024-02-29")
    datetime.date(2024, 2, 29)
    """
    try:
        day = date.fromisoformat(written) if len(written) == len("2024-02-29") else None
    except ValueError:
        day = None
    if day is None or not _FIRST_DATE <= day < _LAST_DATE:
        raise ValueError("payment_date_invalid")
    return day


def key_of(written: str) -> str:
    """Return the key of an entry, as it is; the text of the ``ValueError`` is a problem code.

    >>> key_of(" A-1 ")
    'A-1'
    """
    key = written.strip()
    if not key:
        raise ValueError("payment_key_empty")
    if len(key) > LONGEST_KEY or _CONTROL.search(key):
        raise ValueError("payment_key_malformed")
    return key


def one_line(text: str, longest: int) -> str:
    """Return a text on one line, cut, without control characters.

    >>> one_line(" INV-1   thanks", 10)
    'INV-1 than'
    """
    return " ".join(_CONTROL.sub(" ", text).split())[:longest]


def payment_unknown(payment_id: int) -> BillingError:
    """Return the error of a payment that this company does not have.

    >>> payment_unknown(7).code
    'payment_unknown'
    """
    return BillingError(
        "payment_unknown", f"there is no payment {payment_id}", "'billing payments list' shows what came in"
    )


_PROBLEMS = """
payment_amount_empty | the amount is empty | correct the entry and bring the file in again
payment_amount_not_a_number | the amount is not a plain number such as 123.45 | correct the entry
payment_amount_too_fine | the amount has digits below the minor unit of its currency | correct the entry
payment_amount_out_of_range | the amount is larger than a payment can be | ask the bank what it is
payment_amount_not_positive | the amount is not above zero | what goes back is a return of a payment
payment_currency_unknown | the currency is not on the list of ISO 4217 | correct the entry
payment_date_invalid | a date is missing, or not written as 2024-01-31 | correct the entry
payment_key_empty | the entry has no reference of its own | \
ask the bank for one; without it a repeat cannot be told
payment_key_malformed | the reference is longer than 300 characters, or has unseen ones | \
ask the bank what it is
payment_key_conflict | the same reference stands in the file or in the store with other content | \
a person finds out which is right; what was taken stays
payment_payer_unknown | the entry names a payer that the policy book does not have | \
correct the key of the payer
payment_debit | money went out, and it is no return of a payment | book it where it belongs; it is no payment
payment_return_unnamed | money came back to the payer, and the entry names no payment | \
reverse the payment by hand: 'billing payments reverse'
payment_not_booked | the entry is not booked yet | wait for the statement that has it as booked
payment_batch_differs | the transactions of a batch do not add up to the entry of the statement | \
ask the bank for the list of the batch, and bring it in as CSV
payment_row_malformed | the row has another number of fields than the header | correct the row
"""


def _problems(text: str) -> dict[str, tuple[str, str]]:
    rows = [[cell.strip() for cell in line.split("|")] for line in text.strip().splitlines()]
    return {code: (meaning, todo) for code, meaning, todo in rows}


PAYMENT_PROBLEMS: Mapping[str, tuple[str, str]] = MappingProxyType(_problems(_PROBLEMS))
"""``problem_code`` of an entry -> what it means, what to do about it.

>>> PAYMENT_PROBLEMS["payment_currency_unknown"][0]
'the currency is not on the list of ISO 4217'
"""
