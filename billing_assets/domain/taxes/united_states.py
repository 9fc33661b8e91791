"""United States, admitted business: premium tax is the insurer's own and is not itemised to the payer.

Surplus lines tax and stamping fees are rows of the states (``us_surplus_lines``). Surcharges of states on
admitted policies (guaranty funds, fire services, theft prevention) are not shipped.
"""

from datetime import date

from billing_assets.domain.tax_rule import ANY_LINE, PREMIUM_AND_FEES, Category, TaxRule

RULES = (
    TaxRule(
        tax_code="US-NONE",
        place_code="US",
        line_of_business=ANY_LINE,
        charge_kinds=PREMIUM_AND_FEES,
        category_code=Category.EXEMPT,
        valid_from=date(1990, 1, 1),
        exemption_reason="Premium tax of an admitted insurer is included in the premium",
        source="state premium taxes fall on the insurer, for example California Revenue and Taxation Code "
        "s. 12201",
    ),
    TaxRule(
        tax_code="US-NONE",
        place_code="US",
        line_of_business="surplus_lines",
        charge_kinds=PREMIUM_AND_FEES,
        category_code=Category.LEFT_OUT,
        valid_from=date(1990, 1, 1),
        source="15 U.S.C. 8201: the home state of the insured taxes surplus lines; give the policy its "
        "place, such as US-CA",
    ),
)
