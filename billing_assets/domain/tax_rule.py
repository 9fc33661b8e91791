"""What a tax rule is: one dated row.

Belongs here: the row type. Does not belong here: the rows, one file per place in ``taxes``.
"""

from dataclasses import dataclass
from datetime import date

ANY_LINE = "*"
"""A rule for every line of business that no other row of the place names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxRule:
    """A tax on a premium.

    ``rate_ppm`` is parts per million of the net amount (80000 = 8 %), rounded half-up once per
    (category, rate) group of a document. ``category_code`` is of EN 16931: ``S`` taxed, ``E`` exempt;
    an exempt row has rate 0 and an ``exemption_reason``. Valid for tax points in ``[valid_from, valid_to)``.
    ``source`` cites the law.

    >>> TaxRule(
    ...     tax_code="XX-TAX",
    ...     place_code="XX",
    ...     line_of_business="*",
    ...     category_code="S",
    ...     rate_ppm=80_000,
    ...     valid_from=date(2021, 1, 1),
    ...     source="Act 1",
    ... ).rate_ppm
    80000
    """

    tax_code: str
    place_code: str
    line_of_business: str
    category_code: str
    rate_ppm: int
    valid_from: date
    valid_to: date | None = None
    exemption_reason: str = ""
    source: str
