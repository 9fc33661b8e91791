"""Pausing and resuming schedules, as people do it.

Belongs here: pauses with who, when, why and until when; what was missed, and resuming.
Does not belong here: schedules themselves (``schedule_desk``), what a pause covers (``domain``).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from billing_assets.domain.activities import ACTIVITIES, Activity
from billing_assets.domain.decisions import signed
from billing_assets.domain.errors import BillingError
from billing_assets.domain.schedule_pauses import Missed, Pause, PauseScope, pause_unknown
from billing_assets.domain.selections import EVERYTHING
from billing_assets.steps.preview_catch_up import CatchUpPreview
from billing_assets.steps.run_ports import Progress, silent
from billing_assets.steps.schedule_ports import KeptFiring
from billing_assets.store.activity_schedules import find_schedule
from billing_assets.store.locks import LockSpace, hold_in_transaction
from billing_assets.store.schedule_firings import FiringFilter
from billing_assets.store.schedule_pauses import add_pause, end_pause, read_pauses
from billing_assets.wiring.schedule_desk import ScheduleDesk

_MOST_MISSED = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class MissedFirings:
    """What a pause has left out so far, oldest first.

    ``preview`` is what one run of the last billing date that is missed would bill; None where none is, or
    where nobody asked for it.
    """

    pause: Pause
    firings: tuple[KeptFiring, ...]
    preview: CatchUpPreview | None


class PauseDesk:
    """The pauses of the company of a schedule desk."""

    def __init__(self, schedules: ScheduleDesk) -> None:
        """Work on the schedules of ``schedules``, by its clock."""
        self.schedules = schedules
        self.database = schedules.database

    def pauses(self, *, with_ended: bool = False) -> list[Pause]:
        """Return the pauses that go on, oldest first, or all there ever were."""
        ended_after = None if with_ended else self.schedules.clock()
        with self.database.transaction() as connection:
            return read_pauses(connection, self.schedules.company_id, ended_after=ended_after)

    def pause(
        self,
        scope: PauseScope,
        target: str,
        *,
        reason: str,
        by: str,
        until: datetime | None = None,
        missed: Missed = Missed.ONE_RUN,
    ) -> Pause:
        """Pause what ``scope`` and ``target`` name, and return the pause.

        ``target`` is a schedule's code or an activity, empty for wider scopes; ``missed`` says what becomes
        of what is left out where the pause ends by itself.

        Raises:
            BillingError: ``schedule_unknown``, ``activity_unknown``, ``pause_over`` for an end that is past,
                ``already_paused``, ``note_missing``, ``name_missing``.
        """
        reason, by = signed(reason, by, "--why")
        at = self.schedules.clock()
        if until is not None and until <= at:
            raise BillingError("pause_over", f"{until:%Y-%m-%d %H:%M} UTC is past", "choose a later end")
        with self.database.transaction() as connection:
            hold_in_transaction(connection, LockSpace.SCHEDULES, self.schedules.company_id)
            if scope is PauseScope.SCHEDULE:
                find_schedule(connection, self.schedules.company_id, target)
            pause = Pause(
                pause_id=0,
                scope=scope,
                schedule_code=target if scope is PauseScope.SCHEDULE else "",
                activity=_activity(target) if scope is PauseScope.ACTIVITY else "",
                reason=reason,
                paused_by=by,
                paused_at=at,
                until_at=until,
                missed=missed,
            )
            pause_id = add_pause(connection, self.schedules.company_id, pause)
            [kept] = read_pauses(connection, self.schedules.company_id, pause_id=pause_id)
        return kept

    def missed(
        self, pause_id: int, *, with_preview: bool = True, progress: Progress = silent
    ) -> MissedFirings:
        """Return what a pause that goes on has left out until now, and what one run of it would bill.

        The preview reads the whole book; ``with_preview`` False leaves it out. Raises ``pause_unknown``.
        """
        at = self.schedules.clock()
        for activity in Activity:
            self.schedules.look(activity, at)
        pause = self._going_on(pause_id)
        wanted = FiringFilter(pause_id=pause_id, limit=_MOST_MISSED)
        found = self.schedules.firings(wanted)[::-1]
        preview = self._preview(found, progress) if with_preview else None
        return MissedFirings(pause=pause, firings=tuple(found), preview=preview)

    def resume(self, pause_id: int, missed: Missed, *, reason: str, by: str) -> list[KeptFiring]:
        """End a pause, do with what it left out as ``missed`` says, and return the firings that are due now.

        Raises ``pause_unknown``, ``note_missing``, ``name_missing``.
        """
        reason, by = signed(reason, by, "--why")
        at = self.schedules.clock()
        pause = self._going_on(pause_id)
        with self.database.transaction() as connection:
            hold_in_transaction(connection, LockSpace.SCHEDULES, self.schedules.company_id)
            company_id = self.schedules.company_id
            if not end_pause(connection, company_id, pause, missed=missed, reason=reason, by=by, at=at):
                raise pause_unknown(pause_id)
        return [
            firing
            for activity in Activity
            for firing in self.schedules.look(activity, at).firings
            if firing.pause_id == pause_id
        ]

    def _going_on(self, pause_id: int) -> Pause:
        for pause in self.pauses():
            if pause.pause_id == pause_id:
                return pause
        raise pause_unknown(pause_id)

    def _preview(self, found: Sequence[KeptFiring], progress: Progress) -> CatchUpPreview | None:
        """Return what one run would bill: of the selection that all firings have, else of the whole book."""
        dated = [each for each in found if ACTIVITIES[each.activity].is_of_a_date]
        if not dated:
            return None
        billing, selections = self.schedules.billing, {each.selection for each in dated}
        order = billing.order(max(each.nominal_date for each in dated))
        selection = selections.pop() if len(selections) == 1 else EVERYTHING
        return billing.preview_catch_up(replace(order, selection=selection), progress=progress)


def _activity(target: str) -> str:
    try:
        return Activity(target).value
    except ValueError:
        raise BillingError(
            "activity_unknown",
            f"there is no activity '{target[:40]}'",
            f"choose from {', '.join(Activity)}",
        ) from None
