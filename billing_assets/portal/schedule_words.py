"""What a schedule says, in sentences of the reader's language.

Belongs here: from fields to sentences. Does not belong here: what the fields mean
(``domain.activity_schedules``), the words themselves (``words/``).
"""

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from fastapi import Request

from billing_assets.domain.activities import ACTIVITIES
from billing_assets.domain.activity_schedules import ActivitySchedule, schedule_texts
from billing_assets.domain.audit_acts import change_of
from billing_assets.domain.business_days import Roll
from billing_assets.domain.frequencies import OWN_UNITS
from billing_assets.portal.pages import day_words, word
from billing_assets.store.activity_schedules import RevisionRow

_SHOWN_TIMES = 6


def sentences(request: Request, schedule: ActivitySchedule) -> list[str]:
    """Return what a schedule says, a sentence for each thing."""
    said = [word(request, f"activity_does.{schedule.activity}"), _often(request, schedule)]
    counted = {"anchor": day_words(request, schedule.anchor_date, "long")}
    if schedule.until_date:
        until = day_words(request, schedule.until_date, "long")
        said.append(word(request, "schedule_says.from_until", until=until, **counted))
    else:
        said.append(word(request, "schedule_says.from", **counted))
    if schedule.lead_days:
        key = f"schedule_says.lead_{schedule.lead_unit}"
        said.append(word(request, key, count=schedule.lead_days))
    if schedule.roll is Roll.NONE:
        said.append(word(request, "schedule_says.no_roll"))
    else:
        moved = word(request, f"roll.{schedule.roll}")
        said.append(word(request, "schedule_says.roll", calendar=schedule.calendar_code, roll=moved))
    if not schedule.selection.is_everything:
        lists = schedule.selection.record().items()
        codes = "; ".join(f"{word(request, f'selection.{name}')}: {', '.join(each)}" for name, each in lists)
        said.append(word(request, "schedule_says.only", codes=codes))
    if schedule.template:
        said.append(word(request, "schedule_says.template", name=schedule.template))
    if ACTIVITIES[schedule.activity].is_of_a_date:
        said.append(word(request, "schedule_says.of_a_date"))
    return said


def _often(request: Request, schedule: ActivitySchedule) -> str:
    key = f"frequency.{schedule.frequency_code}"
    often = word(request, key)
    if schedule.frequency_code in OWN_UNITS:
        often = f"{often}: {schedule.pattern}"
    values = {"often": often, "zone": schedule.time_zone}
    times = [f"{each:%H:%M}" for each in schedule.at_times]
    if len(times) <= _SHOWN_TIMES:
        return word(request, "schedule_says.when", times=", ".join(times), **values)
    return word(
        request, "schedule_says.when_often", count=len(times), first=times[0], last=times[-1], **values
    )


Change: TypeAlias = tuple[Mapping[str, object], Mapping[str, object]]
"""What differs, as it was and as it is; see :func:`change_of`."""


def changed_fields(revisions: Sequence[RevisionRow]) -> dict[int, Change]:
    """Return revision -> what it changed, as it was before and as it is from then on.

    ``revisions`` are those of one schedule, oldest first; the first one changed nothing.

    >>> changed_fields([])
    {}
    """
    texts = [schedule_texts(each.schedule) for each in revisions]
    pairs = zip(revisions[1:], texts, texts[1:], strict=False)
    return {later.revision: change_of(before, after) for later, before, after in pairs}
