"""What a schedule can set off: one row per activity.

Belongs here: the activities, and how each takes what it has missed. Does not belong here: when they happen
(``activity_schedules``), the work itself (``steps``).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType


class Activity(StrEnum):
    """What is done: a code that schedules, pauses and Dagster's schedules share."""

    INVOICE_RUN = "invoice_run"
    DELIVERY_RETRY = "delivery_retry"
    FAILED_INVOICE_RETRY = "failed_invoice_retry"
    PAYMENT_ALLOCATION = "payment_allocation"
    STATUS_SYNC = "status_sync"
    INVARIANT_CHECK = "invariant_check"


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivityRule:
    """How an activity is done.

    ``is_of_a_date``: each firing is about the billing date that it is of, so that none may be left out.
    Else a later firing does the work of an earlier one, and of several that are late the last is enough.
    """

    meaning: str
    is_of_a_date: bool


ACTIVITIES: Mapping[Activity, ActivityRule] = MappingProxyType(
    {
        Activity.INVOICE_RUN: ActivityRule(
            meaning="bills a date, from policy book to mailbox", is_of_a_date=True
        ),
        Activity.DELIVERY_RETRY: ActivityRule(
            meaning="sends what still waits in the outbox, of any date", is_of_a_date=False
        ),
        Activity.FAILED_INVOICE_RETRY: ActivityRule(
            meaning="tries again what failed and is due to be tried, of any date", is_of_a_date=False
        ),
        Activity.PAYMENT_ALLOCATION: ActivityRule(
            meaning="lets what is free of payments pay what is due, as of the day on which it is done",
            is_of_a_date=False,
        ),
        Activity.STATUS_SYNC: ActivityRule(
            meaning="tells other systems what became of invoices since last time", is_of_a_date=False
        ),
        Activity.INVARIANT_CHECK: ActivityRule(
            meaning="checks every invariant over everything that is stored", is_of_a_date=False
        ),
    }
)
"""Activity -> :class:`ActivityRule`.

>>> [activity.value for activity, rule in ACTIVITIES.items() if rule.is_of_a_date]
['invoice_run']
"""
