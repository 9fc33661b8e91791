"""The sum payable of a document, by the decimal module.

Belongs here: the nearest multiple of what can be paid in cash. Does not belong here: totals (`invoices`).
"""

from collections.abc import Iterable
from datetime import date
from fractions import Fraction

from billing_assets.domain.cash_rounding import CashUnit
from billing_assets_tests.reference.arithmetic import half_up


def payable(currency: str, total_minor: int, issue_date: date, units: Iterable[CashUnit]) -> int:
    """Return what is to be paid of a total: the total itself where no row of the currency holds.

    >>> from billing_assets.domain.cash_rounding import CASH_UNITS
    >>> payable("CHF", 1003, date(2024, 1, 1), CASH_UNITS), payable("EUR", 1003, date(2024, 1, 1), CASH_UNITS)
    (1005, 1003)
    """
    for row in units:
        is_over = row.valid_to is not None and issue_date >= row.valid_to
        if row.currency == currency and row.valid_from <= issue_date and not is_over:
            return half_up(Fraction(total_minor, row.cash_unit_minor)) * row.cash_unit_minor
    return total_minor
