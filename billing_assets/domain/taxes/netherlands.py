"""Netherlands: insurance tax (assurantiebelasting).

Not shipped: the exemptions of transport, ships, aircraft and export credit.
"""

from datetime import date
from functools import partial

from billing_assets.domain.tax_rule import ANY_LINE, PREMIUM_AND_FEES, Category, TaxRule

_ROW = partial(TaxRule, tax_code="NL-ASSURANTIE", place_code="NL", charge_kinds=PREMIUM_AND_FEES)
_LAW = "Wet op belastingen van rechtsverkeer art. "

RULES = (
    _ROW(
        line_of_business=ANY_LINE,
        rate_ppm=97_000,
        valid_from=date(2011, 3, 1),
        valid_to=date(2013, 1, 1),
        source=_LAW + "23, 9.7 % since 1 March 2011",
    ),
    _ROW(
        line_of_business=ANY_LINE,
        rate_ppm=210_000,
        valid_from=date(2013, 1, 1),
        source=_LAW + "23, 21 % since 1 January 2013",
    ),
    *(
        _ROW(
            line_of_business=line,
            category_code=Category.EXEMPT,
            valid_from=date(2011, 3, 1),
            exemption_reason=f"Vrijgesteld van assurantiebelasting: {words}",
            source=_LAW + "24",
        )
        for line, words in (
            ("life", "levensverzekering"),
            ("accident", "ongevallenverzekering"),
            ("health", "ziektekostenverzekering"),
        )
    ),
)
