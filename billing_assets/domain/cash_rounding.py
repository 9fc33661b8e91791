"""Cash rounding: the smallest amount that can be paid in cash, by currency, as dated rows with their source.

Belongs here: the shipped rows, and what rounding does to the sum payable of a document.
Does not belong here: the same over columns (``frames.cash_rounding``), which company uses which currency's
row (``companies``), how a document shows it.

A row is of a currency. The euro has none: which coins are used is decided by each member state for itself.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType


@dataclass(frozen=True, slots=True, kw_only=True)
class CashUnit:
    """A rule row: sums payable become the nearest multiple of ``cash_unit_minor``, halves away from zero.

    ``tie_rule`` says what the law says of a sum that lies half-way. A row holds in ``[valid_from, valid_to)``
    for the day on which a document is issued.
    """

    currency: str
    cash_unit_minor: int
    tie_rule: str
    valid_from: date
    valid_to: date | None = None
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CashRounding:
    """How a document was rounded: by which unit, and by how much; its sum payable is total and rounding.

    ``cash_rounding_minor`` may be below, above or at zero (EN 16931, BT-114).
    """

    cash_unit_minor: int
    cash_rounding_minor: int


_NO_TIE = "none can arise: half of the unit is no whole number of minor units"

CASH_UNITS = (
    CashUnit(
        currency="CHF",
        cash_unit_minor=5,
        tie_rule=_NO_TIE,
        valid_from=date(2007, 1, 1),
        source=(
            "Münzverordnung (SR 941.101) art. 2: the smallest coin is 5 Rappen, since the Verordnung of "
            "12 April 2006 (AS 2006 1799) put the 1 Rappen coin out of currency"
        ),
    ),
    CashUnit(
        currency="CZK",
        cash_unit_minor=100,
        tie_rule="the law asks for the nearest value and does not name the half; it is rounded up",
        valid_from=date(2008, 9, 1),
        source=(
            "Zákon č. 634/1992 Sb., o ochraně spotřebitele, § 3: the total in cash is rounded to the nearest "
            "valid face value; smallest coin 1 Kč since the 50 haléř coin was withdrawn"
        ),
    ),
    CashUnit(
        currency="HUF",
        cash_unit_minor=500,
        tie_rule="2.50 is rounded up to 5 and 7.50 to 10, § 2",
        valid_from=date(2008, 3, 1),
        source=(
            "2008. évi III. törvény az 1 és 2 forintos címletű érmék bevonása következtében szükséges "
            "kerekítés szabályairól, §§ 1-2"
        ),
    ),
    CashUnit(
        currency="NOK",
        cash_unit_minor=100,
        tie_rule="50 øre is rounded up, § 2",
        valid_from=date(2012, 5, 1),
        source="Forskrift 16. mars 2011 nr. 294 om tilbaketrekking av 50-øremynt, § 2",
    ),
    CashUnit(
        currency="SEK",
        cash_unit_minor=100,
        tie_rule="50 öre is rounded up, 2 §",
        valid_from=date(2010, 10, 1),
        source="Lag (1970:1029) om avrundning av vissa öresbelopp, 2 §, as of SFS 2009:283",
    ),
)
"""The shipped rows. In each of these laws it is cash that is rounded: a transfer may be paid to the cent."""

CASH_CURRENCIES: Mapping[str, CashUnit] = MappingProxyType({row.currency: row for row in CASH_UNITS})
"""Currency -> its newest row: the currencies that a company may name in ``cash_rounding``.

>>> CASH_CURRENCIES["CHF"].cash_unit_minor
5
"""
