"""What a cancelled term has earned, one term at a time, in plain decimals; written from RULES, not frames.

P premium, D days of the term, d days in force; half up is half away from zero.
"""

from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal

from billing_assets.domain.cancellation import CancellationMethod, EarnedBasis
from billing_assets_tests.reference.months import add_months


def earned(
    method: CancellationMethod,
    premium_minor: int,
    effective: date,
    expiration: date,
    cancelled: date,
    counted: tuple[int, int] | None = None,
) -> int:
    """Return the earned premium in minor units; `counted` are d and D where a plan counts them otherwise."""
    premium = Decimal(premium_minor)
    if method.basis is EarnedBasis.FLAT or cancelled <= effective:
        return 0
    if cancelled >= expiration:
        return premium_minor
    in_force = Decimal(_days(effective, cancelled, method))
    term = Decimal(_days(effective, expiration, method))
    if counted and not method.is_thirty_360:
        in_force, term = Decimal(counted[0]), Decimal(counted[1] or 1)
    if method.basis is EarnedBasis.PRO_RATA:
        kept = _half_up(premium * in_force / term)
    elif method.basis is EarnedBasis.PART_OF_RETURN:
        kept = premium_minor - _half_up(premium * (term - in_force) * method.return_ppm / (term * 1_000_000))
    else:
        kept = _half_up(premium * _by_scale(method, effective, expiration, cancelled) / 1_000_000)
    return max(kept, _half_up(premium * method.minimum_earned_ppm / 1_000_000))


def _by_scale(method: CancellationMethod, effective: date, expiration: date, cancelled: date) -> int:
    if method.basis is EarnedBasis.MONTH_SCALE:
        measure = 0
        while add_months(effective, measure) < cancelled:
            measure += 1
    else:
        whole, part = divmod((cancelled - effective).days * 365, (expiration - effective).days)
        measure = whole + (part > 0)
    for limit, ppm in method.scale:
        if measure <= limit:
            return ppm
    return 1_000_000


def _days(start: date, end: date, method: CancellationMethod) -> int:
    if not method.is_thirty_360:
        return len([start + timedelta(days=number) for number in range((end - start).days)])
    first, last = min(start.day, 30), end.day
    if last == 31 and first == 30:
        last = 30
    return (end.year - start.year) * 360 + (end.month - start.month) * 30 + last - first


def _half_up(amount: Decimal) -> int:
    return int(amount.quantize(Decimal(1), rounding=ROUND_HALF_UP))
