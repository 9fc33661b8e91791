"""The United Kingdom: banks and exchanges of London."""

from billing_assets.domain.calendar_rule import Base, Calendar

_BASE = Base(country_code="GB", subdivision_code="ENG")
_ACT = "Banking and Financial Dealings Act 1971, schedule 1, and royal proclamations"

CALENDARS = (
    Calendar(
        calendar_code="uk_settlement",
        name="United Kingdom, banks",
        base=_BASE,
        bank_countries=("GB",),
        source=_ACT,
    ),
    Calendar(
        calendar_code="uk_exchange",
        name="London Stock Exchange",
        base=_BASE,
        source=f"London Stock Exchange, Business days; {_ACT}",
    ),
    Calendar(
        calendar_code="uk_metals",
        name="London Metal Exchange",
        base=_BASE,
        source=f"London Metal Exchange, Trading calendar; {_ACT}",
    ),
)
