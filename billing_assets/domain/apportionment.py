"""A running total shared out by weights: the one rule by which installments are split, rounded both ways.

Belongs here: the slow and plain description of the rule. Does not belong here: the same over columns
(``frames.apportionment``), what is shared: an installment among charges (``charge_lines``), a line among
payers (``payer_shares``).

Not an installment is split but all that was planned up to its end, and again all up to its beginning; the
parts are the differences. Of a running total ``T`` the largest weight has ``T * weight / all weights``,
rounded half-up; the next largest has its part of what is left of ``T`` by the weights that are left, and so
on; the smallest has the rest. Each step grows with ``T`` and never faster than it, so that no part is ever
below zero; the parts add up; and each weight comes over all installments to its part of the whole.
"""

from collections.abc import Sequence

from billing_assets.domain.money import round_half_up


def apportioned(weights: Sequence[int], total_minor: int) -> tuple[int, ...]:
    """Return what each weight has of a running total: minor units, in the order of ``weights``.

    Weights are above 0 and ``total_minor`` is not below it. The result adds up to the total; no part is below
    zero, and none falls when the total grows. Of the sum of the weights each has just its weight. Of weights
    that are alike the first comes first. Raises ``ValueError`` for a total below zero.

    >>> apportioned((300_00, 120_00, 30_00), 37_50)
    (2500, 1000, 250)
    >>> apportioned((600_000, 400_000), 33_33)
    (2000, 1333)
    """
    if total_minor < 0:
        raise ValueError("a running total is never below 0")
    left_weights, left = sum(weights), total_minor
    parts = [0] * len(weights)
    for place in in_order(weights):
        parts[place] = round_half_up(left * weights[place], left_weights)
        left -= parts[place]
        left_weights -= weights[place]
    return tuple(parts)


def in_order(weights: Sequence[int]) -> tuple[int, ...]:
    """Return the places of the weights in the order in which they take their part: the largest first.

    >>> in_order((30_00, 300_00, 30_00))
    (1, 0, 2)
    """
    return tuple(sorted(range(len(weights)), key=lambda place: (-weights[place], place)))


def apportioned_between(weights: Sequence[int], before_minor: int, to_minor: int) -> tuple[int, ...]:
    """Return the parts of what takes the running total from ``before`` to ``to``.

    Minor units, in the order of ``weights``; they add up to ``to_minor - before_minor`` and none is below
    zero.

    >>> apportioned_between((300_00, 120_00, 30_00), 37_50, 75_00)
    (2500, 1000, 250)
    >>> [apportioned_between((67, 33), before, before + 25) for before in (0, 25, 50, 75)]
    [(17, 8), (17, 8), (16, 9), (17, 8)]
    """
    ends, begins = apportioned(weights, to_minor), apportioned(weights, before_minor)
    return tuple(end - begin for end, begin in zip(ends, begins, strict=True))
