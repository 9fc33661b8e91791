"""United Kingdom: insurance premium tax (IPT)."""

from datetime import date

from billing_assets.domain.tax_rule import ANY_LINE, TaxRule

RULES = (
    TaxRule(
        tax_code="GB-IPT",
        place_code="GB",
        line_of_business=ANY_LINE,
        category_code="S",
        rate_ppm=120_000,
        valid_from=date(2017, 6, 1),
        source="Finance Act 1994 s. 51(2)(b) as amended by Finance Act 2017, standard rate 12 %",
    ),
    TaxRule(
        tax_code="GB-IPT",
        place_code="GB",
        line_of_business="travel",
        category_code="S",
        rate_ppm=200_000,
        valid_from=date(2011, 1, 4),
        source="Finance Act 1994 s. 51(2)(a) and schedule 6A, higher rate 20 %",
    ),
)
