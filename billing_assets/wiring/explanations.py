"""Explaining an invoice: the store's rows, the calendars and the formulas, put together.

Belongs here: which calendar a formula asks. Does not belong here: the formulas (``domain``), the words
(``documents.explanations``).
"""

from collections.abc import Callable
from datetime import date, timedelta
from functools import lru_cache

import polars as pl
from sqlalchemy import Connection

from billing_assets.domain.billing_grids import Calendars, TermGrid
from billing_assets.domain.calendar_rule import ClosedDays, Purpose
from billing_assets.domain.explained_credits import explain_credit
from billing_assets.domain.explained_documents import Explanation, explain_invoice
from billing_assets.domain.frequencies import Frequency
from billing_assets.domain.invoice_sources import BilledTerm, InvoiceSources
from billing_assets.domain.places import calendar_code_of
from billing_assets.frames.calendars import is_closed
from billing_assets.frames.recurrence import pattern_periods
from billing_assets.store.closed_days import read_closed_days
from billing_assets.store.invoice_reader import find_invoice
from billing_assets.store.invoice_sources import read_credit_sources, read_invoice_sources


def pattern_grid(frequency: Frequency, term: BilledTerm, number: int) -> TermGrid:
    """Return the grid of a term that is billed once, by a rule or by a list, for installment ``number``."""
    days = (term.effective_date, term.expiration_date, term.anchor_date)
    periods = _periods(frequency.unit.value, frequency.pattern, *days)
    row = periods.row(min(number, periods.height) - 1, named=True)

    def before(day: date, days: int) -> date:
        return day - timedelta(days=days)

    first_to = term.effective_date + timedelta(days=row["first_days"])
    last_from = before(term.expiration_date, row["last_days"])
    return TermGrid(
        installment_count=row["installment_count"],
        first_from=before(first_to, row["first_full_days"]),
        first_to=first_to,
        last_from=last_from,
        last_to=last_from + timedelta(days=row["last_full_days"]),
        period_from=row["period_from_date"],
        period_end=row["period_end_date"],
        due_from=row["due_from_date"],
    )


# An explanation asks for the grid of each installment of a term, some of them several times.
@lru_cache(maxsize=16)
def _periods(unit: str, pattern: str, effective: date, expiration: date, anchor: date) -> pl.DataFrame:
    schedule = {
        "schedule_id": 0,
        "unit": unit,
        "pattern": pattern,
        "effective_date": effective,
        "expiration_date": expiration,
        "anchor_date": anchor,
    }
    return pattern_periods(pl.DataFrame([schedule]))


def calendars_of(closed: ClosedDays) -> Calendars:
    """Return the calendars that billing itself goes by, with what a company has closed beside them."""

    def is_shut(purpose: Purpose) -> Callable[[str, date], bool]:
        own = closed.of(purpose)
        return lambda place, day: is_closed(calendar_code_of(place, purpose), day, own)

    return Calendars(
        is_due_closed=is_shut(Purpose.DUE),
        is_generate_closed=is_shut(Purpose.GENERATE),
        pattern_grid=pattern_grid,
    )


def read_explanation(
    connection: Connection, company_id: int, number: str
) -> tuple[InvoiceSources, Explanation]:
    """Return an invoice or credit note with its rows, and why it is what it is.

    An invoice is explained by the closed days that its run knew.

    Raises:
        BillingError: ``invoice_unknown`` or ``record_incomplete``.
    """
    if find_invoice(connection, company_id, number).credited:
        credit = read_credit_sources(connection, company_id, number)
        closed = read_closed_days(connection, company_id, credit.note.issue.closed_day_id)
        return credit.note, explain_credit(credit, calendars_of(closed))
    sources = read_invoice_sources(connection, company_id, number)
    closed = read_closed_days(connection, company_id, sources.issue.closed_day_id)
    return sources, explain_invoice(sources, calendars_of(closed))
