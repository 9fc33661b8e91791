"""States of the Gulf, whose weekend has changed by date."""

from datetime import date

from billing_assets.domain.calendar_rule import Base, Calendar, Weekend

_THURSDAY_FRIDAY, _FRIDAY_SATURDAY, _SATURDAY_SUNDAY = (4, 5), (5, 6), (6, 7)

CALENDARS = (
    Calendar(
        calendar_code="AE",
        name="United Arab Emirates",
        base=Base(country_code="AE"),
        weekends=(
            Weekend(weekdays=_THURSDAY_FRIDAY, source="practice of the public sector until 2006"),
            Weekend(
                from_date=date(2006, 9, 1),
                weekdays=_FRIDAY_SATURDAY,
                source="Council of Ministers, decision of 2006",
            ),
            Weekend(
                from_date=date(2022, 1, 1),
                weekdays=_SATURDAY_SUNDAY,
                source="Council of Ministers, announcement of 7 December 2021; a Friday counts as open",
            ),
        ),
        bank_countries=("AE",),
        source="Cabinet Resolution 27 of 2024 and its forerunners: public holidays",
    ),
    Calendar(
        calendar_code="KW",
        name="Kuwait",
        base=Base(country_code="KW"),
        weekends=(
            Weekend(weekdays=_THURSDAY_FRIDAY, source="Council of Ministers, practice until 2007"),
            Weekend(
                from_date=date(2007, 9, 1),
                weekdays=_FRIDAY_SATURDAY,
                source="Council of Ministers, decision of 2007: Friday and Saturday",
            ),
        ),
        bank_countries=("KW",),
        source="Kuwait Labour Law 6 of 2010, art. 67-68",
    ),
    Calendar(
        calendar_code="SA",
        name="Saudi Arabia",
        base=Base(country_code="SA"),
        weekends=(
            Weekend(weekdays=_THURSDAY_FRIDAY, source="practice until 2013"),
            Weekend(
                from_date=date(2013, 6, 29),
                weekdays=_FRIDAY_SATURDAY,
                source="royal order of 23 June 2013: Friday and Saturday",
            ),
        ),
        bank_countries=("SA",),
        source="Labour Law (Royal Decree M/51 of 2005), art. 112",
    ),
)
