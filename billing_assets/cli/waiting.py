"""What waits: why a date bills less than one might expect (a closed day, a held run), messages not yet sent.

Belongs here: what is said beside a run or a dry run. Does not belong here: which days are closed
(``frames.calendars``), what a held run keeps back (``steps.plan_due_charges``).
"""

from datetime import date, timedelta
from typing import TYPE_CHECKING

from billing_assets.domain.calendar_rule import Purpose
from billing_assets.domain.deliveries import DeliveryState

if TYPE_CHECKING:
    from billing_assets.store.closed_days import ClosedDayRow
    from billing_assets.wiring.desk import Desk


def why_waiting(desk: "Desk", day: date) -> list[str]:
    """Return a sentence for each thing that keeps back what is to be billed on a date."""
    return [words for words in (closed_words(desk, day), held_words(desk, day)) if words]


def closed_words(desk: "Desk", day: date) -> str:
    """Return that the company is closed on a date, why and until when; empty where it is open."""
    from billing_assets.frames.calendars import CompanyCalendar

    calendar = CompanyCalendar(place_code=desk.company().place_code, closed=desk.closed_days())
    if not calendar.is_closed(day):
        return ""
    following = day + timedelta(days=1)
    while calendar.is_closed(following):
        following += timedelta(days=1)
    name = note_of(desk.closed_day_history(day.year), day) or _name_of(calendar.code(Purpose.GENERATE), day)
    return f"{day} is closed for the company ({name}): what is due and not billed yet waits for {following}."


def note_of(history: "list[ClosedDayRow]", day: date) -> str:
    """Return why the company has closed a day for making invoices; empty where it has not.

    The last act about the day counts.
    """
    purposes = {Purpose.GENERATE.value, "all"}
    acts = [row for row in history if row.day == day and row.purpose in purposes]
    return acts[-1].note if acts and acts[-1].is_closed else ""


def _name_of(calendar_code: str, day: date) -> str:
    from billing_assets.frames.calendars import closed_days

    return closed_days(calendar_code, day.year).get(day, f"{day:%A}")


def held_words(desk: "Desk", day: date) -> str:
    """Return which held run of an earlier date keeps charges back from a date; empty where none does."""
    held_until = desk.billing.runs.held_until(desk.company_id, day)
    run_id = desk.last_run_of(held_until) if held_until is not None else None
    if run_id is None:
        return ""
    return (
        f"Run {run_id} of {held_until} is held: what was to be billed up to {held_until} waits until it is "
        f"decided on ('billing runs show {run_id}')."
    )


def has_unsent(desk: "Desk", day: date) -> bool:
    """Tell whether a document of a date waits to be sent."""
    from billing_assets.store.invoice_listings import InvoiceFilter

    states = ("none", DeliveryState.QUEUED.value)
    return any(
        desk.invoices(InvoiceFilter(billing_date=day, delivery_state=state, limit=1)) for state in states
    )
