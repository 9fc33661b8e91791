"""Payer shares: who pays a policy term beside its first payer, and which percent of it each of them bears.

Belongs here: what a share is. Does not belong here: how a line is split (``apportionment``; over columns
``frames.payer_shares``), how a book brings payers (``book_mapping``), what a document says of it
(``documents``).

**Rounded both ways.** Each line is what it is without payers, and each payer comes over all installments to
their share of the whole line, because a running total of the line is shared out by the shares.
"""

from dataclasses import dataclass

from billing_assets.domain.money import PPM

MAX_PAYERS = 10
"""So many payers a term may have, the payer of the row among them."""

PPM_PER_PERCENT = PPM // 100
"""Shares are given in percent with at most four decimals, which is just what parts per million are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PayerShare:
    """A payer of a policy term who bears ``share_ppm`` of every installment, above 0 and below the whole.

    ``payer_number`` is the place of the payer within the term, from 1: the payer of the row is the first.
    """

    payer_number: int
    payer_id: int
    share_ppm: int


def percent_text(share_ppm: int) -> str:
    """Return a share in percent as people write it, with a point and no more decimals than it has.

    >>> percent_text(400_000), percent_text(333_333), percent_text(5)
    ('40', '33.3333', '0.0005')
    """
    whole, fine = divmod(share_ppm, PPM_PER_PERCENT)
    return f"{whole}.{fine:04}".rstrip("0") if fine else str(whole)
