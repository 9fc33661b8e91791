"""Money: integer minor units beside an ISO 4217 currency, and the one rounding law.

Belongs here: minor units per currency, rounding of an exact fraction, reading and writing amounts.
Does not belong here: the same rounding over columns (``frames.rounding``), formats for people
(``documents.view_model``), prices or taxes.
"""

import re
from collections.abc import Mapping
from types import MappingProxyType

from billing_assets.domain.errors import BillingError

MAX_AMOUNT_MINOR = 10**15
"""Largest amount of one charge, in minor units: beyond it a figure is taken for a fault in the data."""

PPM = 1_000_000
"""Rates are parts per million: 80000 is 8 %."""

_TWO = (
    "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE CHF "
    "CHW CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL "
    "HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU "
    "MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR "
    "SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED "
    "VES WST XAD XCD XCG YER ZAR ZMW ZWG"
)
_ZERO = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"
_THREE = "BHD IQD JOD KWD LYD OMR TND"
_FOUR = "CLF UYW"

CURRENCIES: Mapping[str, int] = MappingProxyType(
    {
        code: digits
        for codes, digits in ((_TWO, 2), (_ZERO, 0), (_THREE, 3), (_FOUR, 4))
        for code in codes.split()
    }
)
"""ISO 4217 code -> number of minor digits (source: ISO 4217 list one, 2026-01-01)."""

_LONGEST_TEXT = 40
# ASCII digits and the white space of Unicode: what the column twin in frames.amounts reads.
_PLAIN = re.compile(r"-?[0-9]+(\.[0-9]+)?")
_GROUPED = re.compile(r"-?[0-9]{1,3}(_[0-9]{3})+(\.[0-9]+)?")
_SPACES_AROUND = re.compile(r"^[^\S\x1c-\x1f]+|[^\S\x1c-\x1f]+\Z")


def minor_digits(currency: str) -> int:
    """Return the number of minor digits of ``currency``.

    >>> minor_digits("EUR"), minor_digits("JPY"), minor_digits("KWD")
    (2, 0, 3)
    """
    try:
        return CURRENCIES[currency]
    except KeyError:
        raise BillingError(
            "currency_unknown", f"'{currency[:12]}' is not an ISO 4217 currency", "use a code such as EUR"
        ) from None


def round_half_up(numerator: int, denominator: int) -> int:
    """Return ``numerator / denominator`` rounded to an integer, halves away from zero.

    The one rounding law of the house. Exact for integers of any size; ``denominator`` must be above 0.

    >>> round_half_up(5, 2), round_half_up(-5, 2), round_half_up(7, 3)
    (3, -3, 2)
    """
    if denominator <= 0:
        raise ValueError("denominator must be above zero")
    magnitude = (2 * abs(numerator) + denominator) // (2 * denominator)
    return magnitude if numerator >= 0 else -magnitude


def parse_minor(text: str, currency: str, decimal_mark: str = ".", thousands: str = "") -> int:
    """Return the amount written in ``text`` as minor units of ``currency``.

    Nothing is guessed and nothing is rounded. A grouping mark is refused unless it is declared as
    ``thousands``, because ``1.234,56`` and ``1,234.56`` cannot be told apart safely; declared, it may be left
    out, but where it stands it must part all the digits before the decimal mark in threes. Digits below the
    minor unit are refused unless they are zero. White space around an amount is no part of it.

    Raises:
        ValueError: with a reason code as its text: ``amount_empty``, ``amount_not_a_number``,
            ``amount_too_fine`` or ``amount_out_of_range``.
        BillingError: ``currency_unknown``.

    >>> parse_minor("902.0", "EUR"), parse_minor("12,5", "EUR", ","), parse_minor("1050", "JPY")
    (90200, 1250, 1050)
    >>> parse_minor("1.234,50", "EUR", ",", ".")
    123450
    """
    written = _SPACES_AROUND.sub("", text)
    if not written:
        raise ValueError("amount_empty")
    marks = {"_": "?", ".": "?", thousands: "_", decimal_mark: "."}
    plain = "".join(marks.get(letter, letter) for letter in written)
    if len(plain) > _LONGEST_TEXT or not (_PLAIN.fullmatch(plain) or _GROUPED.fullmatch(plain)):
        raise ValueError("amount_not_a_number")
    plain = plain.replace("_", "")
    whole, _, fraction = plain.partition(".")
    digits = minor_digits(currency)
    if fraction[digits:].strip("0"):
        raise ValueError("amount_too_fine")
    amount = int(whole + fraction[:digits].ljust(digits, "0"))
    if abs(amount) > MAX_AMOUNT_MINOR:
        raise ValueError("amount_out_of_range")
    return amount


def plain_amount(amount_minor: int, currency: str) -> str:
    """Return the amount as plain digits with a point, for tables, logs and files.

    >>> plain_amount(-90205, "EUR"), plain_amount(1050, "JPY"), plain_amount(5, "KWD")
    ('-902.05', '1050', '0.005')
    """
    digits = minor_digits(currency)
    sign = "-" if amount_minor < 0 else ""
    padded = str(abs(amount_minor)).rjust(digits + 1, "0")
    return f"{sign}{padded[:-digits]}.{padded[-digits:]}" if digits else f"{sign}{padded}"


def amount_text(amount_minor: int, currency: str) -> str:
    """Return an amount with its currency, thousands apart.

    >>> amount_text(-123456789, "EUR"), amount_text(1050, "JPY")
    ('-1,234,567.89 EUR', '1,050 JPY')
    """
    sign = "-" if amount_minor < 0 else ""
    whole, point, fraction = plain_amount(abs(amount_minor), currency).partition(".")
    return f"{sign}{int(whole):,}{point}{fraction} {currency}"
