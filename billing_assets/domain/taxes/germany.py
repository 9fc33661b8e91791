"""Germany: insurance tax (Versicherungsteuer)."""

from datetime import date

from billing_assets.domain.tax_rule import ANY_LINE, TaxRule

RULES = (
    TaxRule(
        tax_code="DE-VERSST",
        place_code="DE",
        line_of_business=ANY_LINE,
        category_code="S",
        rate_ppm=190_000,
        valid_from=date(2007, 1, 1),
        source="VersStG § 6 Abs. 1, as amended by Haushaltsbegleitgesetz 2006, 19 %",
    ),
    TaxRule(
        tax_code="DE-EXEMPT",
        place_code="DE",
        line_of_business="health",
        category_code="E",
        rate_ppm=0,
        valid_from=date(2007, 1, 1),
        exemption_reason="Versicherungsteuerfrei nach § 4 VersStG (Krankenversicherung)",
        source="VersStG § 4 Abs. 1 Nr. 5",
    ),
)
