"""From an installment to its lines: each line sums to its charge, each installment to its total.

Belongs here: the split, one running total and one charge at a time.
Does not belong here: what an installment comes to, the tax of a line.
"""

from fractions import Fraction

from billing_assets_tests.reference.arithmetic import half_up
from billing_assets_tests.reference.policy import ReferenceCharge, ReferenceInstallment


def split(
    charges: tuple[ReferenceCharge, ...], item: ReferenceInstallment
) -> list[tuple[ReferenceCharge, int, int]]:
    """Return the charges that have a part of an installment, in the order of their numbers.

    With each come what was planned of it before, and its part.

    >>> from billing_assets_tests.reference.policy import ReferenceCharge
    >>> two = tuple(
    ...     ReferenceCharge(number=number, line_of_business="motor", amount_minor=amount)
    ...     for number, amount in ((1, 33), (2, 67))
    ... )
    >>> parts_of(two, 25), parts_of(two, 100)
    ({2: 17, 1: 8}, {2: 67, 1: 33})
    """
    begins = parts_of(charges, item.before_minor)
    ends = parts_of(charges, item.before_minor + item.net_minor)
    found = [
        (charge, begins[charge.number], ends[charge.number] - begins[charge.number]) for charge in charges
    ]
    return [(charge, before, amount) for charge, before, amount in found if amount]


def parts_of(charges: tuple[ReferenceCharge, ...], running_minor: int) -> dict[int, int]:
    """Return what each charge has of what is billed up to some installment, the largest charge first."""
    waiting = sorted(charges, key=lambda charge: (-charge.amount_minor, charge.number))
    found: dict[int, int] = {}
    while waiting:
        share = Fraction(waiting[0].amount_minor, sum(charge.amount_minor for charge in waiting))
        charge = waiting.pop(0)
        found[charge.number] = half_up((running_minor - sum(found.values())) * share)
    return found
