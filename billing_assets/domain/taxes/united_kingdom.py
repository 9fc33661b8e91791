"""United Kingdom: insurance premium tax (IPT).

Not shipped: the higher rate on cover sold with goods, vehicles and domestic appliances (schedule 6A), and the
exemptions of schedule 7A other than long-term business.
"""

from datetime import date
from functools import partial

from billing_assets.domain.tax_rule import ANY_LINE, PREMIUM_AND_FEES, Category, TaxRule

_IPT = partial(TaxRule, tax_code="GB-IPT", place_code="GB", charge_kinds=PREMIUM_AND_FEES)
_STANDARD = partial(_IPT, line_of_business=ANY_LINE)
_TRAVEL = partial(_IPT, line_of_business="travel")

RULES = (
    _STANDARD(
        rate_ppm=50_000,
        valid_from=date(1999, 7, 1),
        valid_to=date(2011, 1, 4),
        source="Finance Act 1994 s. 51 as amended by Finance Act 1999 s. 125, standard rate 5 %",
    ),
    _STANDARD(
        rate_ppm=60_000,
        valid_from=date(2011, 1, 4),
        valid_to=date(2015, 11, 1),
        source="Finance Act 1994 s. 51(2)(b) as amended by Finance (No. 2) Act 2010, standard rate 6 %",
    ),
    _STANDARD(
        rate_ppm=95_000,
        valid_from=date(2015, 11, 1),
        valid_to=date(2016, 10, 1),
        source="Finance Act 1994 s. 51(2)(b) as amended by Finance (No. 2) Act 2015, standard rate 9.5 %",
    ),
    _STANDARD(
        rate_ppm=100_000,
        valid_from=date(2016, 10, 1),
        valid_to=date(2017, 6, 1),
        source="Finance Act 1994 s. 51(2)(b) as amended by Finance Act 2016, standard rate 10 %",
    ),
    _STANDARD(
        rate_ppm=120_000,
        valid_from=date(2017, 6, 1),
        source="Finance Act 1994 s. 51(2)(b) as amended by Finance Act 2017, standard rate 12 %",
    ),
    _TRAVEL(
        rate_ppm=175_000,
        valid_from=date(1999, 7, 1),
        valid_to=date(2011, 1, 4),
        source="Finance Act 1994 s. 51(2)(a) and schedule 6A, higher rate 17.5 %",
    ),
    _TRAVEL(
        rate_ppm=200_000,
        valid_from=date(2011, 1, 4),
        source="Finance Act 1994 s. 51(2)(a) and schedule 6A, higher rate 20 %",
    ),
    _IPT(
        line_of_business="life",
        category_code=Category.EXEMPT,
        valid_from=date(1999, 7, 1),
        exemption_reason="Exempt from Insurance Premium Tax: long term business",
        source="Finance Act 1994 s. 70(1A) and schedule 7A para. 2: contracts of long term business",
    ),
)
