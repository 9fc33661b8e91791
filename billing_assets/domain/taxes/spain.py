"""Spain: premium tax (IPS) and the winding-up levy of the Consorcio de Compensación de Seguros.

A subset: real motor insurance carries further CCS surcharges.
"""

from datetime import date

from billing_assets.domain.tax_rule import ANY_LINE, TaxRule

RULES = (
    TaxRule(
        tax_code="ES-IPS",
        place_code="ES",
        line_of_business=ANY_LINE,
        category_code="S",
        rate_ppm=60_000,
        valid_from=date(1998, 1, 1),
        valid_to=date(2021, 1, 1),
        source="Ley 13/1996 art. 12 (Impuesto sobre las Primas de Seguros), 6 %",
    ),
    TaxRule(
        tax_code="ES-IPS",
        place_code="ES",
        line_of_business=ANY_LINE,
        category_code="S",
        rate_ppm=80_000,
        valid_from=date(2021, 1, 1),
        source="Ley 13/1996 art. 12.Once.1 as amended by Ley 11/2020 (PGE 2021), 8 %",
    ),
    TaxRule(
        tax_code="ES-CCS",
        place_code="ES",
        line_of_business=ANY_LINE,
        category_code="S",
        rate_ppm=1_500,
        valid_from=date(2009, 1, 1),
        source="Real Decreto Legislativo 7/2004 art. 23 (recargo para la liquidación de entidades), 0.15 %",
    ),
)
