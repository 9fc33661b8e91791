"""Portugal: stamp duty (imposto do selo) and what is levied with it for INEM, FGA and road safety.

Not shipped: the emergency authority's 13 % (fire) and 6 % (crops), the Fundo de Acidentes de Trabalho,
surety, goods in transit, ships and aircraft, agricultural insurance.
"""

from datetime import date
from functools import partial

from billing_assets.domain.tax_rule import ANY_LINE, Category, TaxRule

_ROW = partial(TaxRule, place_code="PT", valid_from=date(2020, 1, 1))
_STAMP = partial(_ROW, tax_code="PT-SELO")
_INEM = partial(
    _ROW,
    tax_code="PT-INEM",
    rate_ppm=25_000,
    source="Decreto-Lei 34/2012 art. 11 as amended by Lei 82-B/2014, 2.5 %",
)
_TABLE = "Código do Imposto do Selo, Tabela Geral, verba 22.1, "


def _left_out(line_of_business: str, source: str) -> TaxRule:
    return _STAMP(line_of_business=line_of_business, category_code=Category.LEFT_OUT, source=source)


_FIRE = (
    "Decreto-Lei 45/2019 art. 27: 13 % for the emergency authority on the fire part of the gross premium, "
    "not shipped"
)

RULES = (
    _STAMP(line_of_business=ANY_LINE, rate_ppm=90_000, source=_TABLE + "9 % (any other branch)"),
    *(
        row(line_of_business=line)
        for line in ("accident", "health")
        for row in (partial(_STAMP, rate_ppm=50_000, source=_TABLE + "5 % (accident, illness)"), _INEM)
    ),
    *(
        row(line_of_business=line)
        for line in ("motor_damage", "motor_liability")
        for row in (partial(_STAMP, rate_ppm=90_000, source=_TABLE + "9 % (any other branch)"), _INEM)
    ),
    _ROW(
        tax_code="PT-FGA",
        line_of_business="motor_liability",
        rate_ppm=25_000,
        source="Decreto-Lei 291/2007 art. 58 (Fundo de Garantia Automóvel), 2.5 %",
    ),
    _ROW(
        tax_code="PT-PREV",
        line_of_business="motor_liability",
        rate_ppm=2_100,
        source="Decreto-Lei 291/2007 art. 58 (prevenção rodoviária), 0.21 %",
    ),
    _left_out("motor", "Decreto-Lei 291/2007 art. 58 falls on liability alone: name the parts as lines"),
    _left_out("home", _FIRE),
    _left_out("home_building", _FIRE),
    _left_out("home_contents", _FIRE),
    _left_out("fire", _FIRE),
    _left_out("life", "Decreto-Lei 34/2012 art. 11: INEM on the cover in case of death, not shipped"),
)
