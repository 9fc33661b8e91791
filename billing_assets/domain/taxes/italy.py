"""Italy: tax on insurance (L. 1216/1961), provincial tax on motor liability, contributions.

Motor liability is taxed by the province of registration, between 9 % and 16 %: its policies belong to a place
of their own, of which two are shipped. Not shipped: transport, agricultural risks, credit, rented vehicles,
and the covers that are sold with motor liability since L. 199/2025.
"""

from datetime import date
from functools import partial

from billing_assets.domain.tax_rule import ANY_LINE, Category, TaxRule

_SINCE = date(2014, 1, 1)
_TARIFF = "L. 29 ottobre 1961, n. 1216, allegato A (tariffa ordinaria), "
_FULL_RATE_LINES = ("home", "home_building", "home_contents", "fire", "liability")


def _row(place_code: str, tax_code: str, line_of_business: str, rate_ppm: int, source: str) -> TaxRule:
    return TaxRule(
        tax_code=tax_code,
        place_code=place_code,
        line_of_business=line_of_business,
        rate_ppm=rate_ppm,
        valid_from=_SINCE,
        source=source,
    )


def _national(place_code: str) -> tuple[TaxRule, ...]:
    """The rows that hold in every province."""
    row = partial(_row, place_code)
    fund = partial(
        row,
        "IT-FONDO",
        rate_ppm=10_000,
        source="L. 23 febbraio 1999, n. 44, art. 18 (fondo di solidarietà antiracket e antiusura), 1 %",
    )
    left_out = partial(
        TaxRule,
        tax_code="IT-IMPASS",
        place_code=place_code,
        category_code=Category.LEFT_OUT,
        valid_from=_SINCE,
    )
    return (
        row("IT-IMPASS", ANY_LINE, 212_500, _TARIFF + "21.25 %"),
        *(row("IT-IMPASS", line, 212_500, _TARIFF + "21.25 %") for line in _FULL_RATE_LINES),
        *(fund(line_of_business=line) for line in _FULL_RATE_LINES),
        row("IT-IMPASS", "motor_damage", 125_000, _TARIFF + "12.5 % (cover of a vehicle beside liability)"),
        fund(line_of_business="motor_damage"),
        row("IT-IMPASS", "accident", 25_000, _TARIFF + "2.5 %"),
        row("IT-IMPASS", "health", 25_000, _TARIFF + "2.5 %"),
        TaxRule(
            tax_code="IT-IMPASS",
            place_code=place_code,
            line_of_business="life",
            category_code=Category.EXEMPT,
            valid_from=_SINCE,
            exemption_reason="Esente da imposta: assicurazione sulla vita (contratti dal 1° gennaio 2001)",
            source="L. 1216/1961 allegato C as amended by D.Lgs. 18 febbraio 2000, n. 47",
        ),
        left_out(
            line_of_business="motor",
            source=_TARIFF + "and D.Lgs. 68/2011 art. 17: name motor_liability and motor_damage",
        ),
        left_out(
            line_of_business="travel",
            source=_TARIFF + "assistance 10 %, illness 2.5 %, luggage 21.25 %: name the parts as lines",
        ),
        left_out(
            line_of_business="legal_expenses",
            source=_TARIFF + "the rate depends on what the cover is sold with: not shipped",
        ),
    )


def _province(place_code: str, name: str) -> tuple[TaxRule, ...]:
    """The rows of a province that levies the highest rate on motor liability."""
    return (
        *_national(place_code),
        _row(
            place_code,
            "IT-RCA",
            "motor_liability",
            160_000,
            f"D.Lgs. 446/1997 art. 60 and D.Lgs. 68/2011 art. 17, 16 % by resolution of {name}",
        ),
        _row(
            place_code,
            "IT-SSN",
            "motor_liability",
            105_000,
            "D.Lgs. 7 settembre 2005, n. 209, art. 334 (contributo al Servizio sanitario nazionale), 10.5 %",
        ),
    )


RULES = (
    *_national("IT"),
    TaxRule(
        tax_code="IT-RCA",
        place_code="IT",
        line_of_business="motor_liability",
        category_code=Category.LEFT_OUT,
        valid_from=_SINCE,
        source="D.Lgs. 68/2011 art. 17: 12.5 %, which a province may raise or lower by 3.5 points; give the "
        "policies a place for their province, such as IT-MI",
    ),
    *_province("IT-MI", "Milano"),
    *_province("IT-RM", "Roma"),
)
