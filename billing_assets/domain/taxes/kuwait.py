"""Kuwait: no tax on insurance premiums."""

from datetime import date

from billing_assets.domain.tax_rule import ANY_LINE, PREMIUM_AND_FEES, Category, TaxRule

RULES = (
    TaxRule(
        tax_code="KW-EXEMPT",
        place_code="KW",
        line_of_business=ANY_LINE,
        charge_kinds=PREMIUM_AND_FEES,
        category_code=Category.EXEMPT,
        valid_from=date(1990, 1, 1),
        exemption_reason="No tax is levied on insurance premiums in Kuwait",
        source="no VAT or premium tax law in force (the GCC VAT framework of 2016 is not enacted in Kuwait)",
    ),
)
