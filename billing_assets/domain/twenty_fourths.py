"""Unearned premium by twenty-fourths: every policy of a month counts as written in the middle of it.

Belongs here: the part that is unearned at a month's end. Does not belong here: premium by the day
(``frames.earned_premium``), bookings.

Nothing in the package calls it: there are no bookings of unearned premium yet. The published cases hold it.

Source: the customary 24ths method of premium reserves, for example the EU's statutory accounts of
insurers (Directive 91/674/EEC, art. 57, statistical methods).
"""

from datetime import date
from fractions import Fraction


def unearned_part(written: date, valued: date, term_months: int = 12) -> Fraction:
    """Return the part of the premium that is unearned at the end of the month of ``valued``.

    Between 0 and 1: nothing is unearned once the term has ended, everything before it was written.

    >>> unearned_part(date(2024, 7, 9), date(2024, 12, 31))
    Fraction(13, 24)
    """
    months = (valued.year - written.year) * 12 + valued.month - written.month
    halves_left = 2 * term_months - 2 * months - 1
    if months < 0:
        return Fraction(1)
    return Fraction(max(halves_left, 0), 2 * term_months)
