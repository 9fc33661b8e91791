"""Japan: the days on which its banks are closed."""

from billing_assets.domain.calendar_rule import Base, Calendar

CALENDARS = (
    Calendar(
        calendar_code="japan",
        name="Japan, banks",
        base=Base(country_code="JP", categories=("public", "bank")),
        bank_countries=("JP",),
        source="Banking Act (Act 59 of 1981) art. 15 and its Order for Enforcement art. 5: 31 December to "
        "3 January too",
    ),
)
