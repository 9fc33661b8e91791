"""Kuwait: no tax on insurance premiums."""

from datetime import date

from billing_assets.domain.tax_rule import ANY_LINE, TaxRule

RULES = (
    TaxRule(
        tax_code="KW-EXEMPT",
        place_code="KW",
        line_of_business=ANY_LINE,
        category_code="E",
        rate_ppm=0,
        valid_from=date(1990, 1, 1),
        exemption_reason="No tax is levied on insurance premiums in Kuwait",
        source="no VAT or premium tax law in force (the GCC VAT framework of 2016 is not enacted in Kuwait)",
    ),
)
