"""Exchange rates: exact numbers with a date and a source, and amounts converted by them for reports.

Belongs here: reading and writing a rate, the conversion of an amount, how old a rate may be.
Does not belong here: files of rates (``feeds.exchange_rates``), what is converted (``reports``). Nothing that
is billed is ever converted: a policy is billed in its own currency.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from billing_assets.domain.errors import BillingError
from billing_assets.domain.money import CURRENCIES, minor_digits, round_half_up

RATE_DIGITS = 10
RATE_ONE = 10**RATE_DIGITS
MAX_RATE_E10 = 10**18
"""A hundred million units for one: beyond it a rate is taken for a fault in the data."""

STALE_DAYS = 10
"""A rate is good for so many days after its own: over the longest run of bank holidays, and no longer."""

_LONGEST_VALUE = 30
_REASONS = {
    "rate_not_a_number": "is not a plain number",
    "rate_too_fine": f"has more than {RATE_DIGITS} decimals",
    "rate_out_of_range": "is beyond any credible rate",
}
_RATE = re.compile(r"[0-9]{1,12}(\.[0-9]+)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeRate:
    """So many units of ``currency`` for one unit of ``base_currency`` on a day.

    ``rate_e10`` is the rate times ten to the tenth; ``exchange_rate_id`` is 0 until the store has the row.
    """

    base_currency: str
    currency: str
    rate_date: date
    rate_e10: int
    source: str
    exchange_rate_id: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Reported:
    """Amounts of one currency, and what they are in the reporting currency.

    ``rates`` are the rows that it was worked out with: none where both currencies are the same, two where
    neither is the base of the rates. ``is_known`` is False where a rate was missing; the amounts are 0 then.
    """

    currency: str
    net_minor: int
    tax_minor: int
    rates: tuple[ExchangeRate, ...]
    is_known: bool


def parse_rate(text: str) -> int:
    """Return the rate written in ``text``, times ten to the tenth. Nothing is rounded.

    Raises:
        ValueError: with a reason as its text: ``rate_not_a_number``, ``rate_too_fine`` or
            ``rate_out_of_range``.

    >>> parse_rate("1.0842"), parse_rate("17000")
    (10842000000, 170000000000000)
    """
    if not _RATE.fullmatch(text):
        raise ValueError("rate_not_a_number")
    whole, _, fraction = text.partition(".")
    if fraction[RATE_DIGITS:].strip("0"):
        raise ValueError("rate_too_fine")
    rate = int(whole + fraction[:RATE_DIGITS].ljust(RATE_DIGITS, "0"))
    if not 0 < rate <= MAX_RATE_E10:
        raise ValueError("rate_out_of_range")
    return rate


def checked_rate(base_currency: str, currency: str, rate_date: date, text: str, source: str) -> ExchangeRate:
    """Return the rate that is written in ``text``.

    Raises:
        BillingError: ``rate_invalid``, saying what of it is wrong.

    >>> checked_rate("EUR", "USD", date(2025, 1, 2), "1.25", "treasury").rate_e10
    12500000000
    """
    for name in (base_currency, currency):
        if name not in CURRENCIES:
            raise _invalid(f"{name[:_LONGEST_VALUE]!r} is no currency of ISO 4217")
    if base_currency == currency:
        raise _invalid(f"{currency} is both currencies")
    if not source.strip():
        raise _invalid("it has no source")
    try:
        rate_e10 = parse_rate(text)
    except ValueError as error:
        raise _invalid(f"{currency} {text[:_LONGEST_VALUE]!r} {_REASONS[str(error)]}") from None
    return ExchangeRate(
        base_currency=base_currency, currency=currency, rate_date=rate_date, rate_e10=rate_e10, source=source
    )


def _invalid(found: str) -> BillingError:
    return BillingError("rate_invalid", found, "write a rate as 1.0842, for one unit of the base currency")


def rate_text(rate_e10: int) -> str:
    """Return the rate as plain digits, without zeros that say nothing.

    >>> rate_text(10842000000), rate_text(170000000000000)
    ('1.0842', '17000')
    """
    whole, fraction = divmod(rate_e10, RATE_ONE)
    return f"{whole}.{fraction:0{RATE_DIGITS}d}".rstrip("0").rstrip(".")


def convert_minor(amount_minor: int, currency: str, rate_e10: int, into: str, into_rate_e10: int) -> int:
    """Return an amount of ``currency`` in minor units of ``into``, half-up, rounded once.

    Both rates are for one unit of the same base; the base's own rate is ``RATE_ONE``.

    >>> convert_minor(10842, "USD", parse_rate("1.0842"), "EUR", RATE_ONE)
    10000
    >>> convert_minor(1_000, "JPY", parse_rate("160"), "KWD", parse_rate("0.32"))
    2000
    """
    top = amount_minor * into_rate_e10 * 10 ** minor_digits(into)
    return round_half_up(top, rate_e10 * 10 ** minor_digits(currency))


def oldest_good_date(day: date) -> date:
    """Return the date of the oldest rate that may be used on ``day``.

    >>> oldest_good_date(date(2025, 1, 11))
    datetime.date(2025, 1, 1)
    """
    return day - timedelta(days=STALE_DAYS)


def reported(
    totals: Sequence[tuple[str, int, int]], into: str, rates: Mapping[str, ExchangeRate]
) -> tuple[Reported, ...]:
    """Return (currency, net, tax) in minor units as amounts of ``into``, each with the rates it rests on.

    ``rates`` maps a currency to its rate; all are for one base.

    >>> dollar = ExchangeRate(
    ...     base_currency="EUR",
    ...     currency="USD",
    ...     rate_date=date(2025, 1, 2),
    ...     rate_e10=parse_rate("1.25"),
    ...     source="x",
    ... )
    >>> [
    ...     (row.net_minor, row.is_known)
    ...     for row in reported([("USD", 500, 0), ("GBP", 1, 0)], "EUR", {"USD": dollar})
    ... ]
    [(400, True), (0, False)]
    """
    return tuple(_reported(currency, net, tax, into, rates) for currency, net, tax in totals)


def _reported(
    currency: str, net_minor: int, tax_minor: int, into: str, rates: Mapping[str, ExchangeRate]
) -> Reported:
    if currency == into:
        return Reported(currency=currency, net_minor=net_minor, tax_minor=tax_minor, rates=(), is_known=True)
    bases = {rate.base_currency for rate in rates.values()}
    used = tuple(rates[name] for name in (currency, into) if name in rates)
    if not all(name in rates or name in bases for name in (currency, into)):
        return Reported(currency=currency, net_minor=0, tax_minor=0, rates=(), is_known=False)
    units = {rate.currency: rate.rate_e10 for rate in used}

    def converted(amount_minor: int) -> int:
        return convert_minor(
            amount_minor, currency, units.get(currency, RATE_ONE), into, units.get(into, RATE_ONE)
        )

    return Reported(
        currency=currency,
        net_minor=converted(net_minor),
        tax_minor=converted(tax_minor),
        rates=used,
        is_known=True,
    )
