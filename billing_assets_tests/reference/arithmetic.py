"""Rounding, by the decimal module and not by the integers of the package.

Belongs here: an exact fraction made a whole number. Does not belong here: what the fraction means.
"""

from decimal import ROUND_FLOOR, ROUND_HALF_UP, Context, Decimal
from fractions import Fraction

# Amounts have at most 16 digits and denominators stay below 10**10, so a quotient that is not a half
# differs from it by the 27th digit: 80 digits never make a half of what is none.
_EXACT = Context(prec=80)


def half_up(value: Fraction) -> int:
    """Return the nearest whole number, halves away from zero.

    >>> half_up(Fraction(5, 2)), half_up(Fraction(-5, 2)), half_up(Fraction(7, 3))
    (3, -3, 2)
    """
    return _whole(value, ROUND_HALF_UP)


def round_down(value: Fraction) -> int:
    """Return the next whole number below.

    >>> round_down(Fraction(5, 2))
    2
    """
    return _whole(value, ROUND_FLOOR)


def _whole(value: Fraction, rounding: str) -> int:
    quotient = _EXACT.divide(Decimal(value.numerator), Decimal(value.denominator))
    return int(quotient.quantize(Decimal(1), rounding=rounding, context=_EXACT))
