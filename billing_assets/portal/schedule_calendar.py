"""The calendar of schedules, month by month, and the timeline of one day or of seven.

Belongs here: addresses, and what their pages are given. Does not belong here: what schedules do on a day
(``wiring.schedule_calendar``), how a timeline is drawn (``timelines``).
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query
from fastapi.requests import Request
from fastapi.responses import HTMLResponse

from billing_assets.domain.access import Permission
from billing_assets.domain.business_days import add_months
from billing_assets.domain.schedule_pauses import FiringState
from billing_assets.domain.time_zones import instant_of
from billing_assets.portal.access import needs
from billing_assets.portal.desk import Pages, Schedules
from billing_assets.portal.pages import day_words, page, word
from billing_assets.portal.places import OptionalDate
from billing_assets.portal.timelines import Dot, Lane, Scale
from billing_assets.wiring.schedule_calendar import Moment, ScheduleCalendar
from billing_assets.wiring.schedule_desk import ScheduleDesk

router = APIRouter(prefix="/schedules", dependencies=[needs(Permission.LOOK)])
_FIRST_YEAR, _LAST_YEAR = 2000, 2098
_WEEK = 7
_ONE_DAY = timedelta(days=1)
_HOURS_APART = 3

_Month = Annotated[str, Query(pattern=r"^(20[0-9]{2}-(0[1-9]|1[0-2]))?$")]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleDay:
    """What one schedule does on one day: state -> how often, and the times of the first and the last."""

    day: date
    schedule_code: str
    states: Mapping[str, int]
    first: datetime
    last: datetime

    @property
    def count(self) -> int:
        """How often it fires on the day."""
        return sum(self.states.values())

    @property
    def told_states(self) -> Mapping[str, int]:
        """The states that a small place tells: what a later firing did goes without saying beside it."""
        told = {state: count for state, count in self.states.items() if state != FiringState.MERGED}
        return told or self.states


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarDay:
    """A day of the month with what fires on it."""

    day: date
    is_closed: bool
    entries: Sequence[ScheduleDay]


@router.get("/calendar", response_class=HTMLResponse)
def show_month(request: Request, desk: Pages, schedules: Schedules, month: _Month = "") -> HTMLResponse:
    """Show what fires on each day of a month."""
    first = date.fromisoformat(f"{month}-01") if month else desk.today.replace(day=1)
    following = add_months(first, 1)
    by_day: dict[date, list[ScheduleDay]] = {}
    for entry in _days_of(ScheduleCalendar(schedules).moments(first, following), desk.company.time_zone):
        by_day.setdefault(entry.day, []).append(entry)
    days = [
        CalendarDay(day=day, is_closed=desk.is_closed(day), entries=by_day.get(day, []))
        for day in _run_of_days(first, (following - first).days)
    ]
    return page(
        request,
        "schedule_calendar.html.j2",
        days=days,
        first=first,
        weekdays=[day_words(request, date(2024, 1, number), "ccc") for number in range(1, _WEEK + 1)],
        previous=_month_text(add_months(first, -1)),
        following=_month_text(following),
        today=desk.today,
        zone=desk.company.time_zone,
    )


def _run_of_days(first: date, count: int) -> list[date]:
    return [first + number * _ONE_DAY for number in range(count)]


def _month_text(first: date) -> str:
    return f"{first:%Y-%m}" if _FIRST_YEAR <= first.year <= _LAST_YEAR else ""


def _days_of(moments: Sequence[Moment], time_zone: str) -> list[ScheduleDay]:
    """Return the moments, in order, put together by day and schedule."""
    zone = ZoneInfo(time_zone)
    groups: dict[tuple[date, str], list[Moment]] = {}
    for each in moments:
        groups.setdefault((each.due_at.astimezone(zone).date(), each.schedule_code), []).append(each)
    return [
        ScheduleDay(
            day=day,
            schedule_code=code,
            states=Counter(each.state for each in found),
            first=found[0].due_at.astimezone(zone),
            last=found[-1].due_at.astimezone(zone),
        )
        for (day, code), found in groups.items()
    ]


@router.get("/timeline", response_class=HTMLResponse)
def show_timeline(
    request: Request,
    desk: Pages,
    schedules: Schedules,
    day: OptionalDate = None,
    days: Annotated[int, Query(ge=1, le=_WEEK)] = 1,
) -> HTMLResponse:
    """Show when everything fires on one day, or on seven from it on."""
    first = day or desk.today
    if not _FIRST_YEAR <= first.year <= _LAST_YEAR:
        first = desk.today
    span, zone = (_WEEK if days > 1 else 1), desk.company.time_zone
    moments = ScheduleCalendar(schedules).moments(first, first + timedelta(days=span))
    return page(
        request,
        "schedule_timeline.html.j2",
        first=first,
        last=first + timedelta(days=span - 1),
        span=span,
        lanes=_lanes(request, moments, zone, is_week=span > 1),
        scale=_scale(request, schedules, first, span, zone),
        entries=_days_of(moments, zone),
        closed=[each for each in _run_of_days(first, span) if desk.is_closed(each)],
        moment_count=len(moments),
        previous=first - timedelta(days=span),
        following=first + timedelta(days=span),
        today=desk.today,
        zone=zone,
    )


def _lanes(request: Request, moments: Sequence[Moment], time_zone: str, *, is_week: bool) -> list[Lane]:
    zone, lanes = ZoneInfo(time_zone), dict[str, list[Dot]]()
    for each in moments:
        at = each.due_at.astimezone(zone)
        when = f"{day_words(request, at.date(), 'EEE d MMM')} {at:%H:%M}" if is_week else f"{at:%H:%M}"
        state = word(request, f"firing_state.{each.state}")
        words = word(
            request,
            "schedule_timeline.dot",
            schedule=each.schedule_code,
            at=when,
            day=day_words(request, each.nominal_date, "d MMM"),
            state=state,
        )
        lanes.setdefault(each.schedule_code, []).append(Dot(at=each.due_at, words=words, state=each.state))
    return [Lane(name=code, dots=dots) for code, dots in sorted(lanes.items())]


def _scale(request: Request, schedules: ScheduleDesk, first: date, span: int, zone: str) -> Scale:
    if span > 1:
        marks = [
            (instant_of(each, time(), zone), day_words(request, each, "EEE d MMM"))
            for each in _run_of_days(first, span)
        ]
    else:
        hours = range(0, 24, _HOURS_APART)
        marks = [(instant_of(first, time(hour), zone), f"{hour:02d}:00") for hour in hours]
    return Scale(
        begin=instant_of(first, time(), zone),
        end=instant_of(first + span * _ONE_DAY, time(), zone),
        marks=marks,
        now=schedules.clock(),
    )
