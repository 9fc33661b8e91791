"""The shipped calendars, one file per place or market family.

Belongs here: gathering the rows of the siblings. A new calendar is a new row in its file, or a new file with
its ``CALENDARS``; nothing else changes. The public calendar of a place needs no row: it is made from the
place (``places``), unless a row here has the place's code.

Does not belong here: the row types (``calendar_rule``), working out the days (``frames.calendars``).
"""

import importlib
import pkgutil
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from billing_assets.domain.calendar_rule import Calendar


@cache
def shipped_calendars() -> Mapping[str, Calendar]:
    """Return ``calendar_code`` -> :class:`Calendar`, sorted by code.

    >>> shipped_calendars()["target"].bank_countries[:2]
    ('AT', 'BE')
    """
    rows: list[Calendar] = []
    for member in pkgutil.iter_modules(__path__):
        rows.extend(importlib.import_module(f"{__name__}.{member.name}").CALENDARS)
    return MappingProxyType({row.calendar_code: row for row in sorted(rows, key=lambda r: r.calendar_code)})


def bank_calendar_code(country_code: str) -> str:
    """Return the code of the calendar on which banks of a country collect; empty where there is no row.

    >>> bank_calendar_code("ES"), bank_calendar_code("XX")
    ('target', '')
    """
    found = (code for code, row in shipped_calendars().items() if country_code in row.bank_countries)
    return next(found, "")
