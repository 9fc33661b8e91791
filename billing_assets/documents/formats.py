"""Numbers and dates as people read them, by Babel's locale data.

Belongs here: minor units to text, parts per million to percent, dates and half-open periods.
Does not belong here: words (``labels``), arithmetic on money: an amount arrives final, and is
only written down. Results are cached, as a run repeats the same dates and many amounts.
"""

import re
from copy import copy
from datetime import date, timedelta
from decimal import Context, Decimal
from fractions import Fraction
from functools import lru_cache

from babel import Locale
from babel.dates import format_date, format_interval, format_skeleton
from babel.numbers import NumberPattern, get_currency_symbol
from babel.units import format_unit

from billing_assets.domain.money import minor_digits

_MINUS = "\N{MINUS SIGN}"
_NBSP = "\N{NO-BREAK SPACE}"
_MOST_DIGITS = 13
_MORE_DIGITS = 4
_WIDE = Context(prec=60)
_FIRST = re.compile(r"\b1 (?=\D)")


def major(amount_minor: int, currency: str) -> Decimal:
    """Return the exact amount in units of the currency (its digits are ISO 4217's, not CLDR's).

    >>> major(-1234, "KWD")
    Decimal('-1.234')
    """
    digits = tuple(int(digit) for digit in str(abs(amount_minor)))
    return Decimal((int(amount_minor < 0), digits, -minor_digits(currency)))


@lru_cache(maxsize=64)
def _locale(locale_code: str) -> Locale:
    return Locale.parse(locale_code)


@lru_cache(maxsize=256)
def _money_pattern(locale_code: str, currency: str) -> NumberPattern:
    pattern: NumberPattern = copy(_locale(locale_code).currency_formats["standard"])
    pattern.frac_prec = (minor_digits(currency), minor_digits(currency))
    symbol = get_currency_symbol(currency, locale=_locale(locale_code))
    # CLDR: a letter never touches a digit (KWD 1.250, but £1.25).
    if symbol[-1].isalpha():
        positive, negative = (part + _NBSP if part.endswith("¤") else part for part in pattern.prefix)
        pattern.prefix = (positive, negative)
    return pattern


@lru_cache(maxsize=256)
def _number_pattern(locale_code: str, digits: int) -> NumberPattern:
    pattern: NumberPattern = copy(_locale(locale_code).decimal_formats[None])
    pattern.frac_prec = (digits, digits)
    return pattern


@lru_cache(maxsize=64)
def _percent_pattern(locale_code: str) -> NumberPattern:
    pattern: NumberPattern = copy(_locale(locale_code).percent_formats[None])
    pattern.frac_prec = (0, 4)
    return pattern


@lru_cache(maxsize=65_536)
def money(amount_minor: int, currency: str, locale_code: str) -> str:
    r"""Return ``amount_minor`` with its currency; the digits are those of the minor unit.

    >>> money(123456, "EUR", "es_ES").replace("\N{NO-BREAK SPACE}", " ")
    '1.234,56 €'
    >>> money(1500, "JPY", "en_GB"), money(-5, "GBP", "en_GB")
    ('JP¥1,500', '−£0.05')
    """
    pattern = _money_pattern(locale_code, currency)
    text: str = pattern.apply(
        major(amount_minor, currency), _locale(locale_code), currency=currency, currency_digits=False
    )
    return text.replace("-", _MINUS)


@lru_cache(maxsize=65_536)
def plain_amount(amount_minor: int, currency: str, locale_code: str) -> str:
    """Return ``amount_minor`` without its currency, for a column whose heading names it.

    >>> plain_amount(123456, "EUR", "en_GB")
    '1,234.56'
    """
    pattern = _number_pattern(locale_code, minor_digits(currency))
    text: str = pattern.apply(major(amount_minor, currency), _locale(locale_code))
    return text.replace("-", _MINUS)


def exact_amount(amount_minor: Fraction, currency: str, locale_code: str) -> str | None:
    """Return an exact part of minor units in full, in units of the currency; None where no digits are enough.

    >>> exact_amount(Fraction(25, 2), "GBP", "en_GB"), exact_amount(Fraction(100, 3), "GBP", "en_GB")
    ('£0.125', None)
    """
    digits = _finite_digits(amount_minor)
    if digits is None:
        return None
    pattern = copy(_money_pattern(locale_code, currency))
    pattern.frac_prec = (minor_digits(currency), minor_digits(currency) + digits)
    number = _decimal(amount_minor, digits).scaleb(-minor_digits(currency), context=_WIDE)
    text: str = pattern.apply(number, _locale(locale_code), currency=currency, currency_digits=False)
    return text.replace("-", _MINUS)


def cut_amount(amount_minor: Fraction, currency: str, locale_code: str) -> str:
    """Return the first digits of an exact amount, cut off and not rounded, without its currency.

    >>> cut_amount(Fraction(100_00, 3), "EUR", "en_GB")
    '33.333333'
    """
    digits = minor_digits(currency) + _MORE_DIGITS
    whole = abs(amount_minor) * 10**_MORE_DIGITS
    number = Decimal(whole.numerator // whole.denominator).scaleb(-digits, context=_WIDE)
    signed = number.copy_negate() if amount_minor < 0 else number
    text: str = _number_pattern(locale_code, digits).apply(signed, _locale(locale_code))
    return text.replace("-", _MINUS)


def exact_rate(rate: Fraction, locale_code: str) -> str:
    """Return an exact rate as percent where its digits end, and as a fraction where they do not.

    >>> exact_rate(Fraction(6175, 100_000), "en_GB"), exact_rate(Fraction(8, 108), "en_GB")
    ('6.175%', '2/27')
    """
    digits = _finite_digits(rate)
    if digits is None:
        return str(rate)
    pattern: NumberPattern = copy(_percent_pattern(locale_code))
    pattern.frac_prec = (0, max(digits - 2, 0))
    text: str = pattern.apply(_decimal(rate, digits), _locale(locale_code))
    return text


def _finite_digits(value: Fraction) -> int | None:
    """Return how many decimals a fraction has; None where they never end or are very many."""
    return next((count for count in range(_MOST_DIGITS) if 10**count % value.denominator == 0), None)


def _decimal(value: Fraction, digits: int) -> Decimal:
    scaled = value * 10**digits
    return Decimal(scaled.numerator).scaleb(-digits, context=_WIDE)


@lru_cache(maxsize=1024)
def percent(rate_ppm: int, locale_code: str) -> str:
    """Return a rate in parts per million as percent, with no more digits than it has.

    >>> percent(80_000, "en_GB"), percent(1_500, "en_GB")
    ('8%', '0.15%')
    """
    text: str = _percent_pattern(locale_code).apply(Decimal(rate_ppm).scaleb(-6), _locale(locale_code))
    return text


@lru_cache(maxsize=1024)
def days(count: int, locale_code: str) -> str:
    """Return a number of days with its word, in the singular for one.

    >>> days(1, "en_GB"), days(14, "es_ES")
    ('1 day', '14 días')
    """
    return str(format_unit(count, "duration-day", "long", locale=_locale(locale_code)))


@lru_cache(maxsize=8192)
def long_date(day: date, locale_code: str) -> str:
    """Return a date with its month in words, which no reader takes for another date.

    >>> long_date(date(2027, 1, 31), "es_ES")
    '31 de enero de 2027'
    >>> long_date(date(2027, 2, 1), "fr_FR")
    '1er février 2027'
    """
    return _first_as_ordinal(format_date(day, "long", locale=_locale(locale_code)), locale_code)


@lru_cache(maxsize=8192)
def short_date(day: date, locale_code: str) -> str:
    """Return a date with its month as a short word, for a column of a table.

    >>> short_date(date(2027, 1, 31), "en_GB")
    '31 Jan 2027'
    """
    return _first_as_ordinal(format_skeleton("yMMMd", day, locale=_locale(locale_code)), locale_code)


@lru_cache(maxsize=8192)
def full_date(day: date, locale_code: str) -> str:
    """Return a date with its weekday.

    >>> full_date(date(2027, 1, 31), "en_GB")
    'Sunday, 31 January 2027'
    """
    return _first_as_ordinal(format_date(day, "full", locale=_locale(locale_code)), locale_code)


def _first_as_ordinal(text: str, locale_code: str) -> str:
    """Return a date in words; French writes the first of a month as an ordinal, which CLDR leaves out."""
    return _FIRST.sub("1er ", text, count=1) if locale_code.startswith("fr") else text


@lru_cache(maxsize=8192)
def period(from_date: date, to_date: date, locale_code: str) -> str:
    """Return the half-open period ``[from_date, to_date)`` by its first and its last covered day.

    >>> period(date(2027, 1, 1), date(2027, 2, 1), "en_GB")
    '1–31 Jan 2027'
    """
    last = max(from_date, to_date - timedelta(days=1))
    return format_interval(from_date, last, "yMMMd", locale=_locale(locale_code))


@lru_cache(maxsize=1024)
def country(country_code: str, locale_code: str) -> str:
    """Return the name of a country (ISO 3166 alpha-2), or the code where it has none.

    >>> country("ES", "en_GB"), country("ZQ", "en_GB")
    ('Spain', 'ZQ')
    """
    text: str = _locale(locale_code).territories.get(country_code, country_code)
    return text
