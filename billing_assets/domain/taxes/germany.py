"""Germany: insurance tax (Versicherungsteuer).

Where fire is insured with a building or its contents, only a part of the premium is taxed (§ 5 Abs. 1 Satz 1
Nr. 3): the rate shipped is the rate of § 6 Abs. 2 on that part, in parts of the whole premium. Not shipped:
hail and other weather damage to crops (per mille of the sum insured), ships' hulls, accident insurance with
return of premium.
"""

from datetime import date
from functools import partial

from billing_assets.domain.tax_rule import ANY_LINE, PREMIUM_AND_FEES, Category, TaxRule

_ROW = partial(TaxRule, tax_code="DE-VERSST", place_code="DE", charge_kinds=PREMIUM_AND_FEES)
_FROM_2002 = partial(_ROW, valid_from=date(2002, 1, 1), valid_to=date(2007, 1, 1))
_FROM_2007 = partial(_ROW, valid_from=date(2007, 1, 1), valid_to=date(2010, 7, 1))
_FROM_2010 = partial(_ROW, valid_from=date(2010, 7, 1))
_OLD = "VersStG § 6 Abs. 2 in the version before 1.1.2007, "
_MIDDLE = "VersStG § 6 Abs. 2 as amended by Haushaltsbegleitgesetz 2006, "
_NOW = "VersStG § 6 Abs. 2 with § 5 Abs. 1 Satz 1 Nr. 3 since 1.7.2010, "

RULES = (
    _ROW(
        line_of_business=ANY_LINE,
        rate_ppm=160_000,
        valid_from=date(2002, 1, 1),
        valid_to=date(2007, 1, 1),
        source="VersStG § 6 Abs. 1 in the version before 1.1.2007, 16 %",
    ),
    _ROW(
        line_of_business=ANY_LINE,
        rate_ppm=190_000,
        valid_from=date(2007, 1, 1),
        source="VersStG § 6 Abs. 1, as amended by Haushaltsbegleitgesetz 2006, 19 %",
    ),
    _FROM_2002(line_of_business="fire", rate_ppm=110_000, source=_OLD + "Nr. 1, 11 %"),
    _FROM_2007(line_of_business="fire", rate_ppm=140_000, source=_MIDDLE + "Nr. 1, 14 %"),
    _FROM_2010(line_of_business="fire", rate_ppm=132_000, source=_NOW + "22 % of 60 % = 13.2 %"),
    _FROM_2002(line_of_business="home_building", rate_ppm=147_500, source=_OLD + "Nr. 2, 14.75 %"),
    _FROM_2007(line_of_business="home_building", rate_ppm=177_500, source=_MIDDLE + "Nr. 2, 17.75 %"),
    _FROM_2010(line_of_business="home_building", rate_ppm=163_400, source=_NOW + "19 % of 86 % = 16.34 %"),
    _FROM_2002(line_of_business="home_contents", rate_ppm=150_000, source=_OLD + "Nr. 3, 15 %"),
    _FROM_2007(line_of_business="home_contents", rate_ppm=180_000, source=_MIDDLE + "Nr. 3, 18 %"),
    _FROM_2010(line_of_business="home_contents", rate_ppm=161_500, source=_NOW + "19 % of 85 % = 16.15 %"),
    _ROW(
        line_of_business="home",
        category_code=Category.LEFT_OUT,
        valid_from=date(2002, 1, 1),
        source="VersStG § 6 Abs. 2 Nr. 2 and 3 tax buildings and contents differently: name home_building or "
        "home_contents",
    ),
    TaxRule(
        tax_code="DE-EXEMPT",
        place_code="DE",
        line_of_business="health",
        charge_kinds=PREMIUM_AND_FEES,
        category_code=Category.EXEMPT,
        valid_from=date(2002, 1, 1),
        valid_to=date(2007, 1, 1),
        exemption_reason="Versicherungsteuerfrei nach § 4 VersStG (Krankenversicherung)",
        source="VersStG § 4 Nr. 5",
    ),
    TaxRule(
        tax_code="DE-EXEMPT",
        place_code="DE",
        line_of_business="health",
        charge_kinds=PREMIUM_AND_FEES,
        category_code=Category.EXEMPT,
        valid_from=date(2007, 1, 1),
        exemption_reason="Versicherungsteuerfrei nach § 4 VersStG (Krankenversicherung)",
        source="VersStG § 4 Abs. 1 Nr. 5",
    ),
    TaxRule(
        tax_code="DE-EXEMPT",
        place_code="DE",
        line_of_business="life",
        charge_kinds=PREMIUM_AND_FEES,
        category_code=Category.EXEMPT,
        valid_from=date(2002, 1, 1),
        exemption_reason="Versicherungsteuerfrei nach § 4 VersStG (Lebensversicherung)",
        source="VersStG § 4 Nr. 5, today § 4 Abs. 1 Nr. 5",
    ),
)
