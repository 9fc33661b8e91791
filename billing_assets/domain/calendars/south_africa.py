"""South Africa: public holidays, on which banks and the exchange are closed."""

from billing_assets.domain.calendar_rule import Base, Calendar

CALENDARS = (
    Calendar(
        calendar_code="south_africa",
        name="South Africa, banks",
        base=Base(country_code="ZA"),
        bank_countries=("ZA",),
        source="Public Holidays Act 36 of 1994",
    ),
)
