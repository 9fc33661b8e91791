"""Japan: insurance premiums carry no consumption tax."""

from datetime import date

from billing_assets.domain.tax_rule import ANY_LINE, PREMIUM_AND_FEES, Category, TaxRule

RULES = (
    TaxRule(
        tax_code="JP-EXEMPT",
        place_code="JP",
        line_of_business=ANY_LINE,
        charge_kinds=PREMIUM_AND_FEES,
        category_code=Category.EXEMPT,
        valid_from=date(1989, 4, 1),
        exemption_reason="Insurance premiums are exempt from consumption tax (Consumption Tax Act, art. 6)",
        source="Consumption Tax Act (Act 108 of 1988) art. 6(1) and appended table of "
        "non-taxable transactions, item 3",
    ),
)
