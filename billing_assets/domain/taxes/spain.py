"""Spain: premium tax (IPS) and the winding-up levy of the Consorcio de Compensación de Seguros.

A subset: property and real motor insurance carry further CCS surcharges, most of them per sum insured. The
Basque Country and Navarre levy the same rate by laws of their own.
"""

from datetime import date
from functools import partial

from billing_assets.domain.tax_rule import ANY_LINE, PREMIUM_AND_FEES, Category, TaxRule

_IPS = partial(TaxRule, tax_code="ES-IPS", place_code="ES")
_CCS = partial(
    TaxRule,
    tax_code="ES-CCS",
    place_code="ES",
    rate_ppm=1_500,
    valid_from=date(2009, 1, 1),
    source="Real Decreto Legislativo 7/2004 art. 23 (recargo para la liquidación de entidades), 0.15 % since "
    "Ley 6/2009",
)

RULES = (
    _IPS(
        line_of_business=ANY_LINE,
        charge_kinds=PREMIUM_AND_FEES,
        rate_ppm=60_000,
        valid_from=date(1998, 1, 1),
        valid_to=date(2021, 1, 1),
        source="Ley 13/1996 art. 12 (Impuesto sobre las Primas de Seguros), 6 %",
    ),
    _IPS(
        line_of_business=ANY_LINE,
        charge_kinds=PREMIUM_AND_FEES,
        rate_ppm=80_000,
        valid_from=date(2021, 1, 1),
        source="Ley 13/1996 art. 12.Once.1 as amended by Ley 11/2020 (PGE 2021), 8 %",
    ),
    TaxRule(
        tax_code="ES-CCS",
        place_code="ES",
        line_of_business=ANY_LINE,
        category_code=Category.LEFT_OUT,
        valid_from=date(1998, 1, 1),
        valid_to=date(2009, 1, 1),
        source="Real Decreto Legislativo 7/2004 art. 23: the levy had other rates before Ley 6/2009, which "
        "are not shipped",
    ),
    _CCS(line_of_business=ANY_LINE),
    _IPS(
        line_of_business="health",
        charge_kinds=PREMIUM_AND_FEES,
        category_code=Category.EXEMPT,
        valid_from=date(2009, 1, 1),
        exemption_reason="Exento del IPS: asistencia sanitaria y enfermedad (Ley 13/1996 art. 12.Cinco.1)",
        source="Ley 13/1996 art. 12.Cinco.1: seguros de asistencia sanitaria y enfermedad",
    ),
    _CCS(line_of_business="health"),
    _IPS(
        line_of_business="life",
        charge_kinds=PREMIUM_AND_FEES,
        category_code=Category.EXEMPT,
        valid_from=date(2009, 1, 1),
        exemption_reason="Exento del IPS: seguro de vida (Ley 13/1996 art. 12.Cinco.1)",
        source="Ley 13/1996 art. 12.Cinco.1: operaciones relativas a seguros de vida; Real Decreto "
        "Legislativo 7/2004 art. 23: the winding-up levy leaves life insurance out",
    ),
)
