"""United States, admitted business: premium tax is the insurer's own and is not itemised to the payer.

Surplus lines tax and stamping fees are other rows, per state.
"""

from datetime import date

from billing_assets.domain.tax_rule import ANY_LINE, TaxRule

RULES = (
    TaxRule(
        tax_code="US-NONE",
        place_code="US",
        line_of_business=ANY_LINE,
        category_code="E",
        rate_ppm=0,
        valid_from=date(1990, 1, 1),
        exemption_reason="Premium tax of an admitted insurer is included in the premium",
        source="state premium taxes fall on the insurer, for example California Revenue and Taxation Code "
        "s. 12201",
    ),
)
