"""Schedules for the pages of the office: weeks of firings, one that is paused, one that was changed.

Belongs here: what stands in the store of schedules. Does not belong here: the book (``office_book``), pages.
"""

from datetime import date, time, timedelta

from billing_assets.domain.activities import Activity
from billing_assets.domain.schedule_pauses import FiringState, PauseScope
from billing_assets.domain.time_zones import instant_of
from billing_assets.wiring.build import Billing, utc_now
from billing_assets.wiring.pause_desk import PauseDesk
from billing_assets.wiring.schedule_desk import ScheduleDesk
from billing_assets_tests.scheduled import Clock

ZONE = "Europe/Madrid"
_DAY = timedelta(days=1)
_PAUSED_DAYS = 3

NIGHTLY = {
    "name": "Nightly billing run",
    "activity": "invoice_run",
    "frequency_code": "daily",
    "at_times": "06:00",
    "calendar_code": "ES",
    "roll": "following",
    "owner": "billing operations",
}
GERMANY = {**NIGHTLY, "name": "German book", "at_times": "05:30", "calendar_code": "DE"}
RETRIES = {
    "name": "What still waits in the outbox",
    "activity": "delivery_retry",
    "frequency_code": "daily",
    "at_times": "09:00 13:00 17:00",
    "owner": "mail team",
}
PROOF = {
    "name": "Monthly proof of the books",
    "activity": "invariant_check",
    "frequency_code": "own_rule",
    "pattern": "FREQ=MONTHLY;BYDAY=2TU",
    "at_times": "12:00",
    "calendar_code": "target+ES",
    "roll": "modified_following",
    "owner": "internal audit",
}
ONCE = {
    "name": "Opening balance check",
    "activity": "invariant_check",
    "frequency_code": "one_off",
    "at_times": "08:00",
    "owner": "internal audit",
}


def keep_schedules(billing: Billing, today: date, days: int = 40) -> None:
    """Keep schedules since ``days`` days before ``today``, and decide what they did up to now."""
    first = today - days * _DAY
    clock = Clock(instant_of(first, time(12), ZONE))
    desk = ScheduleDesk(billing, clock)
    for code, texts, note in (
        ("nightly", NIGHTLY, "the daily run"),
        ("nightly-germany", GERMANY, "the German book closes earlier"),
        ("retries", RETRIES, "mail servers sleep at night"),
        ("books", PROOF, "asked for by the auditors"),
        ("opening", ONCE, "before the first run"),
    ):
        desk.add(code, {**texts, "anchor_date": first.isoformat(), "time_zone": ZONE}, note, "lucia.serrano")
    _pass_days(desk, clock, today - 10 * _DAY)
    desk.edit("nightly", {"at_times": "06:30"}, "the book comes at six", "mateo.vidal")
    _pass_days(desk, clock, today - _PAUSED_DAYS * _DAY)
    pauses = PauseDesk(desk)
    pauses.pause(
        PauseScope.SCHEDULE, "nightly-germany", reason="tax rates of 2027 are not in yet", by="mateo.vidal"
    )
    _pass_days(desk, clock, today)
    clock.at = utc_now()
    pauses.pause(
        PauseScope.ACTIVITY,
        "invariant_check",
        reason="the server moves this week",
        by="lucia.serrano",
        until=clock() + 5 * _DAY,
    )


def _pass_days(desk: ScheduleDesk, clock: Clock, until: date) -> None:
    """Let the days pass to ``until``, and every run end well but one in eleven."""
    while clock().date() < until:
        clock.at = min(instant_of(clock().date() + _DAY, time(12), ZONE), utc_now())
        for activity in Activity:
            marks = [
                (
                    each.firing_id,
                    FiringState.FAILED if each.firing_id % 11 == 5 else FiringState.DONE,
                    f"{each.firing_id * 2654435761 % 2**32:08x}-run",
                )
                for each in desk.look(activity, clock()).firings
            ]
            desk.mark(marks)
