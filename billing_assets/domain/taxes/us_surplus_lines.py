"""States of the US: surplus lines tax and the fee of the stamping office, by the insured's home state.

The home state taxes the whole premium (15 U.S.C. 8201). Offices fix their fee by the effective date of the
policy, and endorsements and installments keep it: such rows go by the term. Each state's rows begin where its
rates are known to be complete. Not shipped: taxes on the fire part of a premium (fire marshal taxes),
Florida's EMPA surcharge on property policies, late filing fees, governmental and other exempt insureds. An
admitted insurer's policies have place US.
"""

from datetime import date
from itertools import pairwise

from billing_assets.domain.tax_rule import PREMIUM_AND_FEES, Basis, Category, TaxPoint, TaxRule

_LINE = "surplus_lines"


def _rates(
    tax_code: str,
    source: str,
    *steps: tuple[int, date],
    charge_kinds: str = "premium",
) -> tuple[TaxRule, ...]:
    """Return a row for each (rate, first day), which ends where the next begins."""
    ends = [later for _, (_, later) in pairwise(steps)]
    return tuple(
        TaxRule(
            tax_code=tax_code,
            place_code=tax_code.rpartition("-")[0],
            line_of_business=_LINE,
            charge_kinds=charge_kinds,
            rate_ppm=rate_ppm,
            tax_point=TaxPoint.TERM,
            valid_from=begins,
            valid_to=ends_on,
            source=source,
        )
        for (rate_ppm, begins), ends_on in zip(steps, [*ends, None], strict=True)
    )


RULES = (
    *_rates("US-AZ-SLT", "Arizona Revised Statutes s. 20-416, 3 %", (30_000, date(2006, 7, 1))),
    *_rates(
        "US-AZ-STAMP",
        "Arizona Revised Statutes s. 20-167; Surplus Line Association of Arizona, 0.2 % for policies "
        "effective since 1 July 2006",
        (2_000, date(2006, 7, 1)),
    ),
    *_rates(
        "US-CA-SLT",
        "California Insurance Code s. 1775.5, 3 %",
        (30_000, date(2013, 1, 1)),
        charge_kinds=PREMIUM_AND_FEES,
    ),
    *_rates(
        "US-CA-STAMP",
        "California Insurance Code s. 1780.56; Surplus Line Association of California: 0.2 % for policies "
        "effective from 2013, 0.25 % from 2020, 0.18 % from 2023 (bulletin 1429)",
        (2_000, date(2013, 1, 1)),
        (2_500, date(2020, 1, 1)),
        (1_800, date(2023, 1, 1)),
        charge_kinds=PREMIUM_AND_FEES,
    ),
    *_rates(
        "US-FL-SLT",
        "Florida Statutes s. 626.932: 5 %, 4.94 % for policies effective on or after 1 July 2020",
        (50_000, date(2017, 4, 1)),
        (49_400, date(2020, 7, 1)),
        charge_kinds=PREMIUM_AND_FEES,
    ),
    *_rates(
        "US-FL-STAMP",
        "Florida Statutes s. 626.9325 (service fee of the Florida Surplus Lines Service Office): 0.1 % for "
        "policies effective from 1 April 2017, 0.06 % from 1 April 2020",
        (1_000, date(2017, 4, 1)),
        (600, date(2020, 4, 1)),
        charge_kinds=PREMIUM_AND_FEES,
    ),
    *_rates(
        "US-GA-SLT",
        "Official Code of Georgia s. 33-5-31, 4 %; the state has no stamping office",
        (40_000, date(2012, 1, 1)),
    ),
    *_rates(
        "US-ID-SLT",
        "Idaho Code s. 41-1229, 1.5 %",
        (15_000, date(2012, 1, 1)),
    ),
    *_rates(
        "US-ID-STAMP",
        "Idaho Code s. 41-1232; Surplus Line Association of Idaho: 0.25 % for policies effective before "
        "2016, 0.5 % from 2016",
        (2_500, date(2012, 1, 1)),
        (5_000, date(2016, 1, 1)),
    ),
    # Both are rounded to the dollar over the whole term; rounded for each installment, they would not add up.
    TaxRule(
        tax_code="US-IL-SLT",
        place_code="US-IL",
        line_of_business=_LINE,
        charge_kinds="premium policy_fee installment_fee",
        category_code=Category.LEFT_OUT,
        tax_point=TaxPoint.TERM,
        valid_from=date(2023, 1, 1),
        source="215 ILCS 5/445, 3.5 %, and 5/445.1, stamping fee of 0.04 %, each rounded to the dollar over "
        "the term: not shipped, as installments have parts of it",
    ),
    *_rates(
        "US-NJ-SLT",
        "New Jersey Statutes s. 17:22-6.59, 5 %; the state has no stamping office",
        (50_000, date(2012, 1, 1)),
    ),
    *_rates(
        "US-NV-SLT",
        "Nevada Revised Statutes s. 685A.180 and 680B.027, 3.5 %",
        (35_000, date(2007, 1, 1)),
        charge_kinds=PREMIUM_AND_FEES,
    ),
    *_rates(
        "US-NV-STAMP",
        "Nevada Administrative Code s. 685A.370, 0.4 % of the amount subject to tax, since 1 January 2007",
        (4_000, date(2007, 1, 1)),
        charge_kinds=PREMIUM_AND_FEES,
    ),
    *_rates(
        "US-NY-SLT",
        "New York Insurance Law s. 2118(d), 3.6 %",
        (36_000, date(2023, 1, 1)),
    ),
    *_rates(
        "US-NY-STAMP",
        "New York Insurance Law s. 2130; Excess Line Association of New York: 0.15 % since 1 January 2023",
        (1_500, date(2023, 1, 1)),
    ),
    *_rates(
        "US-PA-SLT",
        "40 Pennsylvania Statutes s. 991.1621, 3 %",
        (30_000, date(2017, 1, 1)),
    ),
    TaxRule(
        tax_code="US-PA-STAMP",
        place_code="US-PA",
        line_of_business=_LINE,
        basis=Basis.TERM,
        amount_minor=20_00,
        currency="USD",
        tax_point=TaxPoint.TERM,
        valid_from=date(2017, 1, 1),
        source="Pennsylvania Surplus Lines Association, bulletin of 14 October 2016: 20 dollars per filing, "
        "not refundable",
    ),
    *_rates(
        "US-TX-SLT",
        "Texas Insurance Code s. 225.004, 4.85 %",
        (48_500, date(2007, 7, 1)),
    ),
    *_rates(
        "US-TX-STAMP",
        "Texas Insurance Code s. 981.105; Surplus Lines Stamping Office of Texas, by inception: 0.06 % from "
        "1 July 2007, 0.15 % from 2016, 0.075 % from 2021, 0.04 % from 2024",
        (600, date(2007, 7, 1)),
        (1_500, date(2016, 1, 1)),
        (750, date(2021, 1, 1)),
        (400, date(2024, 1, 1)),
    ),
)
