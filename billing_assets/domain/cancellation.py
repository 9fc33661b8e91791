"""How much premium the insurer keeps when a term is cancelled: methods as dated rows.

Belongs here: the shipped methods and the published scales that they go by, each with its source.
Does not belong here: the arithmetic (``frames.earned_premium``), statutory notice before a cancellation.

Which method may be used is a matter of the contract and its law: many laws allow nothing but pro rata.
Have counsel confirm it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from types import MappingProxyType

from billing_assets.domain.money import PPM

_PERCENT = PPM // 100


class EarnedBasis(StrEnum):
    """By what the earned premium is measured.

    ``pro_rata``: the days in force out of the days of the term. ``part_of_return``: the same, and the payer
    gets a part of the rest back. ``day_scale`` and ``month_scale``: a scale by days or months in force.
    ``flat``: the term is treated as if it had never begun.
    """

    PRO_RATA = "pro_rata"
    PART_OF_RETURN = "part_of_return"
    DAY_SCALE = "day_scale"
    MONTH_SCALE = "month_scale"
    FLAT = "flat"


@dataclass(frozen=True, slots=True, kw_only=True)
class CancellationMethod:
    """One dated row.

    ``return_ppm`` is the part of the unearned premium that is given back. ``scale`` has, for each limit of
    days or months in force, the part of the premium that is earned up to and including it, in parts per
    million; days are those of a term of 365 days, and a term of another length is scaled to it, rounded up.
    ``minimum_earned_ppm`` is the part that is earned from the first day of cover on. ``is_thirty_360`` counts
    months of 30 days instead of actual days.
    """

    method_code: str
    basis: EarnedBasis
    return_ppm: int = PPM
    scale: tuple[tuple[int, int], ...] = ()
    minimum_earned_ppm: int = 0
    is_thirty_360: bool = False
    valid_from: date = date(1990, 1, 1)
    valid_to: date | None = None
    meaning: str
    source: str


SCALE_DAYS = 365
"""Days of the term for which scales by day are published."""

_CUSTOMARY_LIMITS = (
    *(1, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 25, 29, 32, 36, 40, 43, 47, 51, 54, 58, 62, 65, 69, 73, 76),
    *(80, 83, 87, 91, 94, 98, 102, 105, 109, 113, 116, 120, 124, 127, 131, 135, 138, 142, 146, 149, 153),
    *(156, 160, 164, 167, 171, 175, 178, 182, 187, 191, 196, 200, 205, 209, 214, 218, 223, 228, 232, 237),
    *(241, 246, 250, 255, 260, 264, 269, 273, 278, 282, 287, 291, 296, 301, 305, 310, 314, 319, 323, 328),
    *(332, 337, 342, 346, 351, 355, 360, 365),
)
_CUSTOMARY_SCALE = tuple(
    (limit, percent * _PERCENT) for percent, limit in enumerate(_CUSTOMARY_LIMITS, start=5)
)

_ROWS = (
    CancellationMethod(
        method_code="pro_rata",
        basis=EarnedBasis.PRO_RATA,
        meaning="the days in force out of the days of the term",
        source="VVG s. 39 (1), Ley 50/1980 art. 22 as customary practice: premium for the time of cover",
    ),
    CancellationMethod(
        method_code="pro_rata_30_360",
        basis=EarnedBasis.PRO_RATA,
        is_thirty_360=True,
        meaning="months of 30 days in force out of those of the term",
        source="ISDA 2006 Definitions 4.16(f), bond basis; where the contract counts so",
    ),
    CancellationMethod(
        method_code="short_rate_90",
        basis=EarnedBasis.PART_OF_RETURN,
        return_ppm=90 * _PERCENT,
        meaning="90 % of the pro rata return, rounded once",
        source="https://ceopedia.org/index.php/Short_rate_cancellation; ISO IL 00 17 (refund below pro rata)",
    ),
    CancellationMethod(
        method_code="short_rate_table",
        basis=EarnedBasis.DAY_SCALE,
        scale=_CUSTOMARY_SCALE,
        minimum_earned_ppm=25 * _PERCENT,
        meaning="the customary short-rate table of a term of a year, at least 25 %",
        source="https://en.wikipedia.org/wiki/Short_Rate_Table",
    ),
    CancellationMethod(
        method_code="india_motor_short_period",
        basis=EarnedBasis.MONTH_SCALE,
        scale=(*((month, (month + 1) * 10 * _PERCENT) for month in range(1, 9)), (12, PPM)),
        meaning="the short period scale of Indian motor insurance, by months begun",
        source="India Motor Tariff, General Regulation 12",
    ),
    CancellationMethod(
        method_code="recoverable_scale",
        basis=EarnedBasis.MONTH_SCALE,
        scale=tuple(
            (month, earned * _PERCENT) for month, earned in ((1, 20), (4, 30), (6, 50), (10, 70), (12, 100))
        ),
        meaning="a broker's scale by months begun: 80, 70, 50, 30 and 0 % are given back",
        source="https://www.savington-iib.com/refund-policy/",
    ),
    CancellationMethod(
        method_code="minimum_earned_25",
        basis=EarnedBasis.PRO_RATA,
        minimum_earned_ppm=25 * _PERCENT,
        meaning="pro rata, at least 25 % of the premium of the term",
        source="customary minimum earned premium endorsement of surplus lines contracts",
    ),
    CancellationMethod(
        method_code="flat",
        basis=EarnedBasis.FLAT,
        meaning="as if the term had never begun: all of it is given back",
        source="customary flat cancellation; VVG s. 8 (withdrawal) where no cover was wanted before",
    ),
)

CANCELLATION_METHODS: Mapping[str, CancellationMethod] = MappingProxyType(
    {row.method_code: row for row in _ROWS}
)
"""``method_code`` -> :class:`CancellationMethod`.

>>> dict(CANCELLATION_METHODS["short_rate_table"].scale)[182]
600000
"""
