"""Pauses of schedules: what is paused, until when, and what becomes of that which is missed meanwhile.

Belongs here: scopes, the choices on resuming, the states of a firing.
Does not belong here: when a schedule fires (``frames.firings``), rows (``store``).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from billing_assets.domain.errors import BillingError


class PauseScope(StrEnum):
    """What a pause stops: one schedule, all of an activity, all of the company, or of every company."""

    SCHEDULE = "schedule"
    ACTIVITY = "activity"
    COMPANY = "company"
    EVERYTHING = "everything"


class Missed(StrEnum):
    """What becomes of the firings that a pause left out.

    ``skip`` does none of them; ``one_run`` does the last alone, which takes up what the others would have
    done; ``each`` does all of them, oldest first.
    """

    SKIP = "skip"
    ONE_RUN = "one_run"
    EACH = "each"


class FiringState(StrEnum):
    """What became of a firing.

    ``requested``: a run is to be started for it; ``started``: Dagster has the run. ``paused``: left out by a
    pause that goes on; ``skipped``: left out for good, by whoever resumed; ``merged``: a later firing does
    its work.
    """

    REQUESTED = "requested"
    STARTED = "started"
    DONE = "done"
    FAILED = "failed"
    PAUSED = "paused"
    SKIPPED = "skipped"
    MERGED = "merged"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """A pause that goes on, or has ended by ``resumed_at``.

    ``schedule_code`` and ``activity`` are those of its scope, empty for the wider ones. ``until_at`` None:
    until somebody resumes; then ``missed`` says what becomes of what was left out.
    """

    pause_id: int
    scope: PauseScope
    schedule_code: str = ""
    activity: str = ""
    reason: str
    paused_by: str
    paused_at: datetime
    until_at: datetime | None = None
    missed: Missed = Missed.ONE_RUN
    resumed_at: datetime | None = None
    resumed_by: str = ""
    resume_reason: str = ""

    def covers(self, schedule_code: str, activity: str, at: datetime) -> bool:
        """Tell whether the pause stops a schedule at an instant.

        >>> from datetime import UTC
        >>> noon = datetime(2025, 1, 1, 12, tzinfo=UTC)
        >>> pause = Pause(
        ...     pause_id=1,
        ...     scope=PauseScope.ACTIVITY,
        ...     activity="invoice_run",
        ...     reason="r",
        ...     paused_by="ana",
        ...     paused_at=noon,
        ... )
        >>> pause.covers("nightly", "invoice_run", noon), pause.covers("hourly", "delivery_retry", noon)
        (True, False)
        """
        ends = [end for end in (self.until_at, self.resumed_at) if end is not None]
        is_on = self.paused_at <= at and all(at < end for end in ends)
        return is_on and self.concerns(schedule_code, activity)

    def concerns(self, schedule_code: str, activity: str) -> bool:
        """Tell whether a schedule lies in the scope of the pause, whenever."""
        if self.scope is PauseScope.SCHEDULE:
            return self.schedule_code == schedule_code
        return self.scope is not PauseScope.ACTIVITY or self.activity == activity


FIRING_WORDS: Mapping[FiringState, str] = MappingProxyType(
    {
        FiringState.REQUESTED: "waits for its run to start",
        FiringState.STARTED: "its run is on",
        FiringState.DONE: "done",
        FiringState.FAILED: "its run failed",
        FiringState.PAUSED: "left out by a pause",
        FiringState.SKIPPED: "left out for good, by whoever resumed",
        FiringState.MERGED: "a later firing did its work",
    }
)
"""State -> words.

>>> FIRING_WORDS[FiringState.MERGED]
'a later firing did its work'
"""


def pause_unknown(pause_id: int) -> BillingError:
    """Return the error for a number that is no pause that goes on.

    >>> pause_unknown(7).code
    'pause_unknown'
    """
    return BillingError(
        "pause_unknown", f"no pause {pause_id} goes on", "'billing schedules pauses' lists those that do"
    )
