"""Ireland: stamp duty on non-life premiums, Insurance Compensation Fund, stamp duty per policy.

Not shipped: the contribution to the Motor Insurers' Insolvency Compensation Fund, which the insurer owes and
need not pass on; that policies under 20 euro a year are free of the stamp duty of 1 euro. Life (1 % by
another return) and health (a duty per insured person) are left out.
"""

from datetime import date
from functools import partial

from billing_assets.domain.tax_rule import ANY_LINE, Basis, Category, TaxRule

_ROW = partial(TaxRule, place_code="IE", valid_from=date(2012, 1, 1))

RULES = (
    _ROW(
        tax_code="IE-LEVY",
        line_of_business=ANY_LINE,
        rate_ppm=30_000,
        source="Stamp Duties Consolidation Act 1999 s. 125, 3 % since 1 June 2009",
    ),
    _ROW(
        tax_code="IE-ICF",
        line_of_business=ANY_LINE,
        rate_ppm=20_000,
        valid_to=date(2026, 1, 1),
        source="Insurance Act 1964 s. 6 as amended by Insurance (Amendment) Act 2011, 2 % since "
        "1 January 2012",
    ),
    _ROW(
        tax_code="IE-ICF",
        line_of_business=ANY_LINE,
        rate_ppm=10_000,
        valid_from=date(2026, 1, 1),
        source="Insurance Act 1964 s. 6, 1 % by notice of the Central Bank of 3 October 2025",
    ),
    _ROW(
        tax_code="IE-STAMP",
        line_of_business=ANY_LINE,
        basis=Basis.TERM,
        amount_minor=1_00,
        currency="EUR",
        source="Stamp Duties Consolidation Act 1999 schedule 1, since 2022 s. 125C: 1 euro per policy",
    ),
    _ROW(
        tax_code="IE-LEVY",
        line_of_business="life",
        category_code=Category.LEFT_OUT,
        source="Stamp Duties Consolidation Act 1999 s. 124B: levy of 1 % on life premiums, not shipped",
    ),
    _ROW(
        tax_code="IE-LEVY",
        line_of_business="health",
        category_code=Category.LEFT_OUT,
        source="Stamp Duties Consolidation Act 1999 s. 125A: duty per insured person, not shipped",
    ),
)
