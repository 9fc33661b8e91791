"""The form of schedules.

Belongs here: what a schedule says, and its texts. Does not belong here: the calls (``schedules``).
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, TypeAlias

from pydantic import ConfigDict, Field

from billing_assets.domain.activities import Activity
from billing_assets.domain.activity_schedules import MAX_LEAD_DAYS, MAX_TIMES
from billing_assets.domain.business_days import LeadUnit, Roll
from billing_assets.portal.api.selections import SelectionAsked, SelectionTold
from billing_assets.portal.api.shapes import Told, Words, example
from billing_assets.wiring.schedule_desk import ScheduleView

_Text: TypeAlias = Annotated[str, Field(max_length=100, pattern=r"^[^\x00]*$")]
_Time: TypeAlias = Annotated[str, Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$", examples=["06:00"])]
_SAID = {
    "name": "Nightly run",
    "activity": "invoice_run",
    "frequency_code": "daily",
    "anchor_date": "2025-01-01",
    "at_times": ["06:00"],
    "time_zone": "Europe/Madrid",
    "owner": "ana",
}


class ScheduleAsked(SelectionAsked):
    """All that a schedule says, and why it says so."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra=example({**_SAID, "note": "agreed with finance"})
    )

    name: _Text
    activity: Activity
    frequency_code: _Text
    pattern: Annotated[str, Field(max_length=4_000, pattern=r"^[^\x00]*$")] = ""
    anchor_date: date
    until_date: date | None = None
    at_times: Annotated[list[_Time], Field(min_length=1, max_length=MAX_TIMES)]
    time_zone: _Text
    calendar_code: _Text = ""
    roll: Roll = Roll.NONE
    lead_days: Annotated[int, Field(strict=True, ge=0, le=MAX_LEAD_DAYS)] = 0
    lead_unit: LeadUnit = LeadUnit.CALENDAR
    owner: _Text
    note: Words

    def texts(self) -> Mapping[str, str]:
        """Return what it says as the program reads it, every field: what is left out is empty.

        >>> asked = ScheduleAsked.model_validate({**_SAID, "note": "n", "plan_codes": ["a", "b"]})
        >>> asked.texts()["at_times"], asked.texts()["plan_codes"], asked.texts()["until_date"]
        ('06:00', 'a, b', '')
        """
        said = self.model_dump(mode="json", exclude={"note", "schedule_code"})
        return {
            name: (" " if name == "at_times" else ", ").join(value)
            if isinstance(value, list)
            else str("" if value is None else value)
            for name, value in said.items()
        }


class NewSchedule(ScheduleAsked):
    """A schedule that there is not yet."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra=example({"schedule_code": "nightly", **_SAID, "note": "agreed with finance"}),
    )

    schedule_code: Annotated[str, Field(pattern="^[a-z][a-z0-9_-]{0,39}$", examples=["nightly"])]


class SchedulePause(Told):
    """A pause that stops a schedule now."""

    pause_id: int
    scope: str
    reason: str
    paused_by: str
    paused_at: datetime
    until_at: datetime | None


class Schedule(SelectionTold):
    """A schedule as it stands; ``revision`` is its ETag. ``state``: active, paused, ended or retired."""

    model_config = ConfigDict(
        json_schema_extra=example(
            {
                "schedule_code": "nightly",
                "revision": 1,
                "state": "active",
                **_SAID,
                "pattern": "",
                "until_date": None,
                "calendar_code": "",
                "roll": "none",
                "lead_days": 0,
                "lead_unit": "calendar",
                "product_codes": [],
                "place_codes": [],
                "plan_codes": [],
                "payer_groups": [],
                "template": "",
                "next_due_at": ["2025-03-01T05:00:00Z"],
                "pause": None,
            }
        )
    )

    schedule_code: str
    revision: int
    state: str
    name: str
    activity: str
    frequency_code: str
    pattern: str
    anchor_date: date
    until_date: date | None
    at_times: list[str]
    time_zone: str
    calendar_code: str
    roll: str
    lead_days: int
    lead_unit: str
    owner: str
    next_due_at: list[datetime]
    pause: SchedulePause | None


class ScheduleList(Told):
    """Every schedule, those that are retired last."""

    model_config = ConfigDict(json_schema_extra=example({"items": [], "next": None}))

    items: list[Schedule]
    next: str | None


def schedule_of(view: ScheduleView) -> Schedule:
    """Return a schedule in its form.

    >>> from types import SimpleNamespace
    >>> from billing_assets.domain.activity_schedules import schedule_from
    >>> asked = ScheduleAsked.model_validate({**_SAID, "note": "n"})
    >>> kept = SimpleNamespace(schedule_code="nightly", revision=2, schedule=schedule_from(asked.texts()))
    >>> view = SimpleNamespace(kept=kept, state="active", following=(), pause=None)
    >>> schedule_of(view).at_times
    ['06:00']
    """
    said = view.kept.schedule
    names = set(Schedule.model_fields) - {
        *("schedule_code", "revision", "state", "at_times", "next_due_at", "pause")
    }
    pause = view.pause
    return Schedule(
        schedule_code=view.kept.schedule_code,
        revision=view.kept.revision,
        state=view.state,
        at_times=[each.strftime("%H:%M") for each in said.at_times],
        next_due_at=[firing.due_at for firing in view.following],
        pause=None if pause is None else SchedulePause.model_validate(pause),
        **{name: getattr(said, name) for name in names},
    )
