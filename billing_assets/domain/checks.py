"""The invariants: statements that always hold, whatever was run, killed or tampered with.

Belongs here: each check's id and its statement.
Does not belong here: its query, which is in ``store.checks``; it runs as a blocking asset check before
anything is delivered, and as a line of ``billing audit``.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """An invariant. ``check_id`` is stable; ``statement`` is what holds."""

    check_id: str
    statement: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckResult:
    """What one check found: how many offenders, and the first few, named by ids and numbers only."""

    check: Check
    offender_count: int
    examples: tuple[str, ...]


_ROWS = (
    ("I01", "net and tax of a document are the sums of its lines, its total is net + tax, and it has a line"),
    ("I02", "bases and amounts of the tax breakdown add up to the document"),
    ("I03", "every amount is a whole number of minor units of a known currency"),
    ("I04", "every ledger entry adds up to zero in each currency, by two postings or more, none of zero"),
    ("I05", "the trial balance of each company and currency is zero, over accounts of the chart"),
    (
        "I06",
        (
            "each document has exactly one ledger entry, on its date of issue, that posts its sum payable, "
            "its taxes, its cash rounding, and the net of its lines by the accounts of their charge kinds"
        ),
    ),
    (
        "I07",
        (
            "an installment is billed at most once per payer and revision, and billed periods never overlap; "
            "once more it is billed by what replaces an invoice that was given back in full"
        ),
    ),
    (
        "I08",
        (
            "number series have no gap from 1: block follows block up to the counter, each number of a block "
            "is one document, and issue dates never run backwards"
        ),
    ),
    ("I09", "an issued document is unchanged: its frozen record hashes to the stored value"),
    (
        "I10",
        (
            "a credit note gives back lines of one invoice of its company, payer and currency, never more "
            "than was charged, with the tax of the invoice's own rows, and all of the tax with all of the net"
        ),
    ),
    ("I11", "what a payment pays and what came back of it is never more than its owner paid"),
    (
        "I12",
        (
            "what is paid and written off of a document is never more than it comes to, in its company and "
            "currency and of its payer, and what is taken back was there"
        ),
    ),
    (
        "I13",
        (
            "one delivery per document, channel and purpose, at most one accepted, by the server or by a "
            "recorded decision, Message-ID made from the key"
        ),
    ),
    ("I14", "nothing is sent that was not issued; PDF and mail sent are the document's first rendering"),
    (
        "I15",
        (
            "nothing stays in sending for a day, and nothing unknown or failed is without an owner for a "
            "day, unless a recorded decision gave it up"
        ),
    ),
    (
        "I17",
        (
            "every installment due by a finalised run has an outcome, with its invoice where it says so; "
            "the book is asked 16 days late, the longest roll of a date, as the store knows no closed days"
        ),
    ),
    ("I18", "intake loses nothing: rows and money in are rows and money accepted, in problems or repeated"),
    (
        "I19",
        (
            "the ledger says what documents, credit notes, payments, allocations and write-offs come to: "
            "what is owed, at the bank, on account and in suspense, to the last minor unit"
        ),
    ),
    ("I20", "no reference crosses from one company to another"),
    (
        "I21",
        (
            "the audit log of each company is one chain: no entry is missing or changed, and each holds the "
            "hash of the one before it"
        ),
    ),
    ("I22", "the guards exist: triggers on issued records, no right to change them, a separate owner"),
    (
        "I23",
        (
            "where a company rounds to cash amounts, the sum payable of a document is the nearest multiple "
            "by its dated row, a credit note goes by the row of its invoice, and no other one is rounded"
        ),
    ),
    (
        "I24",
        (
            "the charge lines of a term are its premium, and each is billed by its part of the installments, "
            "never below zero, and over the whole term exactly to its charge"
        ),
    ),
    (
        "I25",
        (
            "the shares of the payers of a term are a whole, each payer is billed by their share of every "
            "line, none below zero, and what a term owes once is charged to one of them"
        ),
    ),
    (
        "I26",
        (
            "each finalised run has a certificate that says it is complete, hashes to its stored value, and "
            "tells the charges and documents that the store holds"
        ),
    ),
    (
        "I27",
        (
            "of a detached month nothing is left but its record and its sums, which tell of each other, and "
            "no term of it is billed since"
        ),
    ),
    ("I28", "nothing is billed of a policy term while a hold of the billing clock stops it"),
    (
        "I29",
        (
            "other systems are told of each document, allocation and end of a delivery, or it waits to be "
            "told; events have no gap, and the last one of an invoice says what is open of it"
        ),
    ),
    (
        "I30",
        (
            "each answered request has the documents that answer it, of the payer who asks and nobody else, "
            "and a letter is what its record and its hash say"
        ),
    ),
)

CHECKS: Mapping[str, Check] = MappingProxyType(
    {check_id: Check(check_id=check_id, statement=statement) for check_id, statement in _ROWS}
)
"""``check_id`` -> :class:`Check`.

>>> CHECKS["I08"].statement.startswith("number series have no gap")
True
"""

STANDING_CHECKS = frozenset({"I15"})
"""Checks of what stands still in the outbox: a delivery settles some of it, so they never block one."""
