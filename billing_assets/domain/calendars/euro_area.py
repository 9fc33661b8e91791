"""The euro area: T2, formerly TARGET, the settlement system of the Eurosystem."""

from billing_assets.domain.calendar_rule import AddedDays, Base, Calendar

_ECB = "ECB, press release of 14 December 2000: TARGET long-term calendar"

CALENDARS = (
    Calendar(
        calendar_code="target",
        name="TARGET (T2)",
        base=Base(market_code="XECB", from_year=1999),
        added=(
            AddedDays(
                name="New Year's Day", pattern="FREQ=YEARLY;BYMONTH=1;BYMONTHDAY=1", to_year=1998, source=_ECB
            ),
            AddedDays(
                name="Christmas Day",
                pattern="FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=25",
                to_year=1998,
                source=_ECB,
            ),
        ),
        bank_countries=tuple("AT BE BG CY DE EE ES FI FR GR HR IE IT LT LU LV MT NL PT SI SK".split()),
        source="Guideline (EU) 2022/912 (T2), Annex I, Appendix V: opening days; SEPA Direct Debit Core "
        "Rulebook (inter-bank business day)",
    ),
)
