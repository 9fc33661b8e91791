"""From a line to what each payer has of it: each payer comes to their share, each line to its total.

Belongs here: the split, one running total and one payer at a time.
Does not belong here: what a line comes to (``installments``, ``charge_lines``), the tax of it.
"""

from fractions import Fraction

from billing_assets_tests.reference.arithmetic import half_up
from billing_assets_tests.reference.policy import ReferencePayer


def shared(payers: tuple[ReferencePayer, ...], before_minor: int, amount_minor: int) -> dict[int, int]:
    """Return by number what each payer has of an amount, after ``before_minor`` of the same line.

    >>> from billing_assets_tests.reference.policy import ReferencePayer
    >>> two = (ReferencePayer(number=1, share_ppm=600_000), ReferencePayer(number=2, share_ppm=400_000))
    >>> shared(two, 0, 33_33), shared(two, 33_33, 33_33)
    ({1: 2000, 2: 1333}, {1: 2000, 2: 1333})
    """
    after, before = _borne(payers, before_minor + amount_minor), _borne(payers, before_minor)
    return {number: after[number] - before[number] for number in sorted(after)}


def _borne(payers: tuple[ReferencePayer, ...], running_minor: int) -> dict[int, int]:
    """The largest share first; the others share what it leaves, as if there had been no other."""
    first = min(payers, key=lambda payer: (-payer.share_ppm, payer.number))
    others = tuple(payer for payer in payers if payer is not first)
    if not others:
        return {first.number: running_minor}
    own = half_up(Fraction(running_minor * first.share_ppm, sum(payer.share_ppm for payer in payers)))
    return {first.number: own, **_borne(others, running_minor - own)}
