"""The places where risks lie and payers live: the key of taxes and calendars.

Belongs here: one row per place that billing knows, with the calendars that it follows.
Does not belong here: its taxes (``taxes``), calendars that are not of a place (``calendars``), its closed
days (``frames.calendars``).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from billing_assets.domain.calendar_rule import Base, Calendar, Purpose, Weekend
from billing_assets.domain.calendars import bank_calendar_code, shipped_calendars


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A place: ``place_code`` is ISO 3166-1 or 3166-2; ``weekend`` holds ISO weekdays (6 = Saturday).

    The ``*_calendar`` are codes of calendars, also joined ones (``target+ES``). Empty is the default: for
    debits the calendar of the country's banks, for all else the place's public calendar.
    """

    place_code: str
    name: str
    country_code: str
    subdivision_code: str = ""
    weekend: tuple[int, ...] = (6, 7)
    generate_calendar: str = ""
    send_calendar: str = ""
    due_calendar: str = ""
    debit_calendar: str = ""
    legal_calendar: str = ""
    source: str


_US_DAYS = "5 U.S.C. 6103 and the public holidays of the state"

_STATES = (
    ("AZ", "Arizona"),
    ("CA", "California"),
    ("FL", "Florida"),
    ("GA", "Georgia"),
    ("ID", "Idaho"),
    ("IL", "Illinois"),
    ("NJ", "New Jersey"),
    ("NV", "Nevada"),
    ("NY", "New York"),
    ("PA", "Pennsylvania"),
    ("TX", "Texas"),
)

_PROVINCES = (("MI", "Milano"), ("RM", "Roma"))

_SUBDIVISIONS = (
    *(
        Place(
            place_code=f"IT-{code}",
            name=f"Italy, {name}",
            country_code="IT",
            subdivision_code=code,
            source="L. 27 maggio 1949, n. 260, and the feast of the patron saint",
        )
        for code, name in _PROVINCES
    ),
    *(
        Place(
            place_code=f"US-{code}",
            name=f"United States, {name}",
            country_code="US",
            subdivision_code=code,
            source=_US_DAYS,
        )
        for code, name in _STATES
    ),
)

_ROWS = (
    Place(
        place_code="DE",
        name="Germany",
        country_code="DE",
        source="Feiertagsgesetze der Länder: nationwide days",
    ),
    Place(
        place_code="ES",
        name="Spain",
        country_code="ES",
        source="Estatuto de los Trabajadores art. 37.2: national days",
    ),
    Place(
        place_code="FR",
        name="France",
        country_code="FR",
        source="Code du travail art. L. 3133-1: jours fériés légaux",
    ),
    Place(
        place_code="GB",
        name="England and Wales",
        country_code="GB",
        subdivision_code="ENG",
        source="Banking and Financial Dealings Act 1971, schedule 1",
    ),
    Place(
        place_code="IE",
        name="Ireland",
        country_code="IE",
        source="Organisation of Working Time Act 1997, schedule 2: public holidays",
    ),
    Place(
        place_code="IT",
        name="Italy",
        country_code="IT",
        source="L. 27 maggio 1949, n. 260: giorni festivi",
    ),
    Place(
        place_code="JP", name="Japan", country_code="JP", source="Act on National Holidays (Act 178 of 1948)"
    ),
    Place(
        place_code="KW",
        name="Kuwait",
        country_code="KW",
        weekend=(5, 6),
        source="Kuwait Labour Law 6 of 2010, art. 67-68",
    ),
    Place(
        place_code="NL",
        name="Netherlands",
        country_code="NL",
        source="Algemene termijnenwet art. 3: algemeen erkende feestdagen",
    ),
    Place(
        place_code="PT",
        name="Portugal",
        country_code="PT",
        source="Código do Trabalho art. 234: feriados obrigatórios",
    ),
    Place(place_code="US", name="United States", country_code="US", source="5 U.S.C. 6103: federal holidays"),
)

PLACES: Mapping[str, Place] = MappingProxyType({row.place_code: row for row in (*_ROWS, *_SUBDIVISIONS)})
"""``place_code`` -> :class:`Place`."""


def find_place(place_code: str) -> Place | None:
    """Return the place with that code, or None.

    >>> find_place("GB").subdivision_code
    'ENG'
    """
    return PLACES.get(place_code)


def calendar_code_of(place_code: str, purpose: Purpose) -> str:
    """Return the code of the calendar that a place follows for a purpose.

    A code that names no place is returned as it is: it may be a calendar's own.

    >>> calendar_code_of("ES", Purpose.DUE), calendar_code_of("ES", Purpose.DEBIT)
    ('ES', 'target')
    """
    place = find_place(place_code)
    if place is None:
        return place_code
    named = {
        Purpose.GENERATE: place.generate_calendar,
        Purpose.SEND: place.send_calendar,
        Purpose.DUE: place.due_calendar,
        Purpose.DEBIT: place.debit_calendar or bank_calendar_code(place.country_code),
        Purpose.LEGAL: place.legal_calendar,
    }
    return named[purpose] or place_code


def find_calendar(calendar_code: str) -> Calendar | None:
    """Return the calendar with that code, shipped or made from a place, or None; case does not matter.

    >>> find_calendar("TARGET").name, find_calendar("GB").base.subdivision_code
    ('TARGET (T2)', 'ENG')
    """
    shipped = shipped_calendars()
    found = shipped.get(calendar_code) or shipped.get(calendar_code.lower())
    place = find_place(calendar_code)
    if found is not None or place is None:
        return found
    return Calendar(
        calendar_code=place.place_code,
        name=place.name,
        base=Base(country_code=place.country_code, subdivision_code=place.subdivision_code),
        weekends=(Weekend(weekdays=place.weekend, source=place.source),),
        source=place.source,
    )
