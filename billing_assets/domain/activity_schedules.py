"""Schedules that people keep: which activity, on which days, at what time, and who answers for it.

Belongs here: what a schedule says, and reading it from texts. Does not belong here: the instants that come of
it (``frames.firings``), pauses (``schedule_pauses``).

A schedule fires for nominal dates. An activity of a date bills that very date; on which day it does so
follows by roll, calendar and lead.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import MISSING, asdict, dataclass, fields
from datetime import date, time
from enum import StrEnum
from typing import Any

from billing_assets.domain.activities import Activity
from billing_assets.domain.business_days import LeadUnit, Roll
from billing_assets.domain.errors import BillingError
from billing_assets.domain.frequencies import OWN_UNITS, PeriodUnit, frequency_of
from billing_assets.domain.places import find_calendar
from billing_assets.domain.selections import SELECTION_FIELDS, Selection, codes, place_codes
from billing_assets.domain.template_choice import template_name
from billing_assets.domain.text_fields import (
    LONGEST_SHOWN,
    BadTextError,
    Fault,
    frequency,
    number,
    require_own_code,
    word,
)
from billing_assets.domain.time_zones import is_time_zone

MAX_LEAD_DAYS = 60
MAX_TIMES = 96
"""Firings of one day: every quarter of an hour."""

_TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
_LONGEST_NAME = 100
_LONGEST_PATTERN = 4_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivitySchedule:
    """What a schedule says.

    ``frequency_code`` counts from ``anchor_date``; ``pattern`` belongs to ``own_rule`` (RFC 5545) and
    ``own_dates``. It fires at each of ``at_times`` by the clock of ``time_zone``. A nominal date on a closed
    day of ``calendar_code`` (empty: no day is closed) is done on the day to which ``roll`` moves it, and
    ``lead_days`` before that. No nominal date lies after ``until_date``. ``owner`` is who answers for it. The
    four lists are those of its :attr:`selection`, and ``template`` is the name of the company's templates
    that print what it bills (empty: those without a name); only an invoice run may have them.
    """

    name: str
    activity: Activity
    frequency_code: str
    pattern: str = ""
    anchor_date: date
    until_date: date | None = None
    at_times: tuple[time, ...]
    time_zone: str
    calendar_code: str = ""
    roll: Roll = Roll.NONE
    lead_days: int = 0
    lead_unit: LeadUnit = LeadUnit.CALENDAR
    owner: str
    product_codes: tuple[str, ...] = ()
    place_codes: tuple[str, ...] = ()
    plan_codes: tuple[str, ...] = ()
    payer_groups: tuple[str, ...] = ()
    template: str = ""

    @property
    def selection(self) -> Selection:
        """Which policies it bills."""
        return Selection(**{name: getattr(self, name) for name in SELECTION_FIELDS})


def schedule_from(texts: Mapping[str, str]) -> ActivitySchedule:
    """Return the schedule that texts say, each as :func:`schedule_texts` writes it.

    Raises:
        BillingError: ``schedule_invalid``, naming every field that is wrong.

    >>> texts = {
    ...     "name": "Nightly run",
    ...     "activity": "invoice_run",
    ...     "frequency_code": "daily",
    ...     "owner": "ana",
    ...     "anchor_date": "2025-01-01",
    ...     "at_times": "06:00",
    ...     "time_zone": "Europe/Madrid",
    ... }
    >>> schedule_from(texts).at_times
    (datetime.time(6, 0),)
    """
    schedule, faults = _tried(texts)
    if schedule is not None:
        return schedule
    raise BillingError(
        "schedule_invalid",
        "; ".join(f"{fault.field}: {fault.words}" for fault in faults),
        "nothing was kept; correct these and try again",
    )


def schedule_faults(texts: Mapping[str, str]) -> list[Fault]:
    """Return what :func:`schedule_from` would refuse, field by field; nothing where it would not.

    >>> [fault.field for fault in schedule_faults({"name": "Nightly", "activity": "coffee"})]
    ['activity', 'frequency_code', 'anchor_date', 'at_times', 'time_zone', 'owner']
    """
    return _tried(texts)[1]


def schedule_texts(schedule: ActivitySchedule) -> dict[str, str]:
    """Return the fields of a schedule as texts; what is left out is empty.

    >>> nightly = ActivitySchedule(
    ...     name="Nightly",
    ...     activity=Activity.INVOICE_RUN,
    ...     frequency_code="daily",
    ...     anchor_date=date(2025, 1, 1),
    ...     at_times=(time(6), time(18, 30)),
    ...     time_zone="UTC",
    ...     owner="ana",
    ... )
    >>> schedule_texts(nightly)["at_times"], schedule_texts(nightly)["until_date"]
    ('06:00 18:30', '')
    """
    return {name: _text_of(value) for name, value in asdict(schedule).items()}


def require_code(schedule_code: str) -> str:
    """Return the code of a new schedule, or raise ``schedule_code_invalid``.

    >>> require_code("nightly")
    'nightly'
    """
    return require_own_code(schedule_code, "schedule_code_invalid", "a schedule", "nightly")


def schedule_unknown(schedule_code: str) -> BillingError:
    """Return the error for a code that no schedule has.

    >>> schedule_unknown("nightly").found
    "there is no schedule 'nightly'"
    """
    return BillingError(
        "schedule_unknown",
        f"there is no schedule '{schedule_code[:40]}'",
        "'billing schedules' lists them",
    )


def _tried(texts: Mapping[str, str]) -> tuple[ActivitySchedule | None, list[Fault]]:
    values, faults = _read(texts)
    if faults:
        return None, faults
    schedule = ActivitySchedule(**values)
    faults = _contradictions(schedule)
    return (None, faults) if faults else (schedule, [])


def _read(texts: Mapping[str, str]) -> tuple[dict[str, Any], list[Fault]]:
    known = {field.name: field for field in fields(ActivitySchedule)}
    faults = [Fault(name, "there is no such field") for name in texts if name not in known]
    values: dict[str, Any] = {}
    for name, field in known.items():
        given = texts.get(name, "").strip()
        if not given and field.default is not MISSING:
            continue
        try:
            values[name] = _READERS[name](given)
        except BadTextError as error:
            shown = f"'{given[:LONGEST_SHOWN]}' " if given else "is missing; "
            faults.append(Fault(name, f"{shown}{error}"))
    return values, faults


def _contradictions(schedule: ActivitySchedule) -> list[Fault]:
    faults = []
    is_own = schedule.frequency_code in OWN_UNITS
    if is_own != bool(schedule.pattern):
        words = "write the rule or the dates" if is_own else "belongs to own_rule and own_dates only"
        faults.append(Fault("pattern", words))
    elif (
        frequency_of(schedule.frequency_code, schedule.pattern).unit is PeriodUnit.ONCE and schedule.lead_days
    ):
        faults.append(Fault("lead_days", "a schedule that fires once has none: choose its day"))
    if schedule.until_date and schedule.until_date < schedule.anchor_date:
        faults.append(Fault("until_date", "lies before the anchor date"))
    if schedule.roll is not Roll.NONE and not schedule.calendar_code:
        faults.append(Fault("calendar_code", "a roll needs the calendar whose closed days it moves"))
    if schedule.lead_unit is LeadUnit.BUSINESS and not schedule.calendar_code:
        faults.append(Fault("calendar_code", "business days need a calendar"))
    if schedule.activity is not Activity.INVOICE_RUN:
        words = f"belongs to {Activity.INVOICE_RUN} only"
        faults += [Fault(name, words) for name in schedule.selection.record()]
        if schedule.template:
            faults.append(Fault("template", words))
    return faults


def _words(text: str) -> str:
    if not 0 < len(text) <= _LONGEST_NAME:
        raise BadTextError(f"write at most {_LONGEST_NAME} characters")
    return " ".join(text.split())


def _pattern(text: str) -> str:
    if len(text) > _LONGEST_PATTERN:
        raise BadTextError(f"write at most {_LONGEST_PATTERN} characters")
    return text


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise BadTextError("write a date as 2025-01-31") from None


def _times(text: str) -> tuple[time, ...]:
    words = text.replace(",", " ").split()
    if not words or len(words) > MAX_TIMES or not all(_TIME.fullmatch(word) for word in words):
        raise BadTextError(f"write from 1 to {MAX_TIMES} times of day, as 06:00 18:30")
    return tuple(sorted({time.fromisoformat(word) for word in words}))


def _zone(text: str) -> str:
    if not is_time_zone(text):
        raise BadTextError("write a time zone of IANA, as Europe/Madrid")
    return text


def _calendar(text: str) -> str:
    if not all(find_calendar(code) for code in text.split("+")):
        raise BadTextError(
            "is no calendar; 'billing calendar show' knows places, target and joined ones: target+ES"
        )
    return text


_READERS: Mapping[str, Callable[[str], Any]] = {
    "name": _words,
    "activity": word(Activity),
    "frequency_code": frequency,
    "pattern": _pattern,
    "anchor_date": _date,
    "until_date": _date,
    "at_times": _times,
    "time_zone": _zone,
    "calendar_code": _calendar,
    "roll": word(Roll),
    "lead_days": number(0, MAX_LEAD_DAYS),
    "lead_unit": word(LeadUnit),
    "owner": _words,
    **dict.fromkeys(SELECTION_FIELDS, codes),
    "place_codes": place_codes,
    "template": template_name,
}


def _text_of(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, tuple):
        texts = [each.strftime("%H:%M") if isinstance(each, time) else str(each) for each in value]
        return (" " if value and isinstance(value[0], time) else ", ").join(texts)
    return value.value if isinstance(value, StrEnum) else str(value)
