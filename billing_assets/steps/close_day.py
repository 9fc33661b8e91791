"""Close a day: a company says on which days it does not work, or takes that back.

Belongs here: what must hold before the store takes it.
Does not belong here: the rows (``store.closed_days``), what a closed day does to dates (``frames``).
"""

import time
from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta

from billing_assets.domain.calendar_rule import OWN_PURPOSES, ClosedDays, Purpose
from billing_assets.domain.decisions import signed
from billing_assets.domain.errors import BillingError
from billing_assets.domain.places import PLACES, calendar_code_of
from billing_assets.frames.calendars import ROLL_REACH_DAYS, is_closed
from billing_assets.steps.calendar_ports import ClosedDayOrder, ClosedDayStore
from billing_assets.steps.result import StepResult
from billing_assets.steps.run_ports import Progress, silent


def close_day(
    company_code: str, order: ClosedDayOrder, *, store: ClosedDayStore, progress: Progress = silent
) -> StepResult:
    """Close or open a day as ``order`` says; ``changed_count`` is 0 where it was closed so already.

    Runs that are planned from now on go by it; what was planned before does not change.

    Raises:
        BillingError: ``closed_too_long``; ``day_not_closed``: only what the company has closed can be opened;
            ``purpose_not_own``; ``note_missing``, ``name_missing``.
    """
    started = time.perf_counter()
    if order.purpose not in (None, *OWN_PURPOSES):
        raise BillingError(
            "purpose_not_own",
            f"a company cannot close days for '{order.purpose}'",
            f"close it for {', '.join(OWN_PURPOSES)}, or for all of them",
        )
    note, recorded_by = signed(order.note, order.recorded_by)
    purposes = OWN_PURPOSES if order.purpose is None else (order.purpose,)
    issuer = store.issuer(company_code)
    with store.closed_day_work(issuer.company_id, progress) as work:
        closed = work.closed_days()
        were_closed = [order.day in closed.of(purpose) for purpose in purposes]
        if order.is_closed:
            _refuse_too_long(order.day, purposes, issuer.company.place_code, closed)
        elif not any(were_closed):
            raise _not_closed(order.day)
        is_change = not (order.is_closed and all(were_closed))
        if is_change:
            work.add(replace(order, note=note, recorded_by=recorded_by))
    return StepResult(
        step="close_day",
        facts={"day": str(order.day), "changed_count": int(is_change)},
        seconds={"close": time.perf_counter() - started},
    )


def _refuse_too_long(day: date, purposes: Iterable[Purpose], place_code: str, closed: ClosedDays) -> None:
    """Raise where a calendar would be closed for longer than a run of a date looks ahead."""
    for purpose in purposes:
        own = closed.of(purpose) | {day}
        # Due dates and debits follow the calendar of each policy's place, the rest that of the company.
        is_of_policies = purpose in (Purpose.DUE, Purpose.DEBIT)
        for place in PLACES if is_of_policies else (place_code,):
            count = _closed_around(calendar_code_of(place, purpose), day, own)
            if count > ROLL_REACH_DAYS:
                raise BillingError(
                    "closed_too_long",
                    f"with {day} closed for '{purpose}', {count} days in a row would be closed ({place})",
                    f"leave one day in each {ROLL_REACH_DAYS} open",
                )


def _closed_around(calendar_code: str, day: date, own: frozenset[date]) -> int:
    count = 1
    for step in (-1, 1):
        beside = day + timedelta(days=step)
        while count <= ROLL_REACH_DAYS and is_closed(calendar_code, beside, own):
            count, beside = count + 1, beside + timedelta(days=step)
    return count


def _not_closed(day: date) -> BillingError:
    return BillingError(
        "day_not_closed",
        f"the company has not closed {day}",
        "only closings of the company can be taken back; weekends and holidays follow the calendar: "
        "'billing calendar show' lists both",
    )
