"""Charge lines: the parts that the premium of a policy term is made of, such as liability and own damage.

Belongs here: what a charge line is, and the slow and plain description of how an installment is split into
lines. Does not belong here: the same over columns (``frames.charge_lines``), how a book brings them
(``book_mapping``), what an installment comes to (``frames.installments``).

**Rounded both ways.** Each installment is what the plan says of the whole premium, and each line comes over
all installments to its charge. Therefore not the installment is split but all that was planned up to its end,
and again all up to its beginning; the lines are the differences. Of a running total ``T`` the largest charge
has its part, ``T * charge / premium`` rounded half-up; the next largest has its part of what is left of ``T``
among the charges that are left, and so on; the smallest has the rest. Each step grows with ``T`` and never
faster than it, so that no line is ever below zero; and of the whole premium each has exactly its charge.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from billing_assets.domain.money import round_half_up

MAX_CHARGE_LINES = 20
"""So many charge lines a term may have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargeLine:
    """A charge of a policy term: ``premium_minor`` of the premium, before tax, above 0.

    ``charge_number`` is its place in the mapping, from 1; 0 stands for the whole premium of a term that has
    no charge lines. Tax rows go by ``line_of_business``; documents print ``charge_name``.
    """

    charge_number: int
    charge_code: str
    charge_name: str
    line_of_business: str
    premium_minor: int


def apportioned(charges_minor: Sequence[int], total_minor: int) -> tuple[int, ...]:
    """Return what each charge has of a running total: minor units, in the order of ``charges_minor``.

    Charges are above 0, and ``total_minor`` lies between 0 and their sum. The result adds up to the total;
    none is below zero or more than its charge, and none falls when the total grows. Of charges that are alike
    the first comes first. Raises ``ValueError`` for a total that lies outside.

    >>> apportioned((300_00, 120_00, 30_00), 37_50)
    (2500, 1000, 250)
    >>> apportioned((1_00, 1_00, 1_00), 1_00), apportioned((1_00, 1_00, 1_00), 3_00)
    ((33, 34, 33), (100, 100, 100))
    """
    left_charges = sum(charges_minor)
    if not 0 <= total_minor <= left_charges:
        raise ValueError("a running total lies between 0 and the premium")
    parts = [0] * len(charges_minor)
    left = total_minor
    for place in in_order(charges_minor):
        parts[place] = round_half_up(left * charges_minor[place], left_charges)
        left -= parts[place]
        left_charges -= charges_minor[place]
    return tuple(parts)


def in_order(charges_minor: Sequence[int]) -> tuple[int, ...]:
    """Return the places of the charges in the order in which they take their part: the largest first.

    >>> in_order((30_00, 300_00, 30_00))
    (1, 0, 2)
    """
    return tuple(sorted(range(len(charges_minor)), key=lambda place: (-charges_minor[place], place)))


def split_installment(charges_minor: Sequence[int], before_minor: int, to_minor: int) -> tuple[int, ...]:
    """Return the lines of an installment, which takes the running total from ``before`` to ``to``.

    Minor units, in the order of ``charges_minor``; they add up to ``to_minor - before_minor`` and none is
    below zero.

    >>> split_installment((300_00, 120_00, 30_00), 37_50, 75_00)
    (2500, 1000, 250)
    >>> [split_installment((67, 33), before, before + 25) for before in (0, 25, 50, 75)]
    [(17, 8), (17, 8), (16, 9), (17, 8)]
    """
    ends, begins = apportioned(charges_minor, to_minor), apportioned(charges_minor, before_minor)
    return tuple(end - begin for end, begin in zip(ends, begins, strict=True))
