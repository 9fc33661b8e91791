"""The tables by which the dates of a book are rolled and counted back, made for just those dates.

Belongs here: how far the tables must reach, and how far ahead a run must look for what may be due.
Does not belong here: the tables' rows (``calendars``), the dates themselves (``schedules``).
"""

from dataclasses import dataclass
from datetime import date, timedelta

import polars as pl

from billing_assets.domain.business_days import LeadUnit
from billing_assets.domain.calendar_rule import Purpose
from billing_assets.frames.calendars import ROLL_REACH_DAYS, CompanyCalendar, open_day_table, roll_table

_REACH = timedelta(days=ROLL_REACH_DAYS)
_IS_BUSINESS = pl.col("lead_unit") == LeadUnit.BUSINESS.value


@dataclass(frozen=True, slots=True, kw_only=True)
class DateTables:
    """What the dates of a book are looked up in.

    ``due_rolls`` and ``generate_rolls`` have ``columns.ROLL_SCHEMA``, the latter for the company alone;
    ``open_days`` has ``columns.OPEN_DAY_SCHEMA`` and is None where no plan counts in business days.
    """

    due_rolls: pl.DataFrame
    generate_rolls: pl.DataFrame
    open_days: pl.DataFrame | None


def date_tables(installments: pl.DataFrame, company: CompanyCalendar) -> DateTables:
    """Return the tables that cover every date of these installments.

    ``installments`` has ``due_from_date`` and ``place_code`` beside the columns of its plan.

    >>> row = {
    ...     "due_from_date": date(2024, 6, 1),
    ...     "due_days": 0,
    ...     "lead_days": 14,
    ...     "lead_unit": "calendar",
    ...     "place_code": "GB",
    ...     "due_roll": "following",
    ...     "generate_roll": "preceding",
    ... }
    >>> tables = date_tables(pl.DataFrame([row]), CompanyCalendar(place_code="ES"))
    >>> tables.generate_rolls["place_code"].unique().to_list(), tables.open_days
    (['ES'], None)
    """
    if installments.is_empty():
        empty = roll_table([], [], date.max, date.max)
        return DateTables(due_rolls=empty, generate_rolls=empty, open_days=None)
    first, last, lead, due, open_lead = installments.select(
        first=pl.col("due_from_date").min(),
        last=pl.col("due_from_date").max(),
        lead=pl.col("lead_days").max(),
        due=pl.col("due_days").max(),
        open_lead=pl.col("lead_days").filter(_IS_BUSINESS).max(),
    ).row(0)
    to_date = last + timedelta(days=due) + _REACH
    from_date = first - timedelta(days=lead) - _REACH
    open_days = None
    if open_lead is not None:
        own, code = company.closed.of(Purpose.GENERATE), company.code(Purpose.GENERATE)
        from_date = min(from_date, company.ahead(first - _REACH, -open_lead))
        open_days = open_day_table(code, from_date, to_date, own)
    return DateTables(
        due_rolls=roll_table(
            installments["place_code"].unique(),
            installments["due_roll"].unique(),
            first,
            to_date,
            own=company.closed.of(Purpose.DUE),
        ),
        generate_rolls=roll_table(
            [company.place_code],
            installments["generate_roll"].unique(),
            from_date - _REACH,
            to_date,
            purpose=Purpose.GENERATE,
            own=company.closed.of(Purpose.GENERATE),
        ),
        open_days=open_days,
    )


def with_horizon(schedules: pl.LazyFrame, leads: pl.DataFrame, as_of: date) -> pl.LazyFrame:
    """Add ``horizon_date``: periods that begin after it cannot be billed by ``as_of``, whatever rolls do.

    ``leads`` is what :func:`lead_reach` returns for the plans of the schedules.

    >>> rows = pl.DataFrame({"lead_days": [14], "lead_unit": ["calendar"], "due_days": [0]})
    >>> leads = lead_reach(rows, CompanyCalendar(place_code="ES"), date(2024, 6, 3))
    >>> with_horizon(rows.lazy(), leads, date(2024, 6, 3)).collect()["horizon_date"].item()
    datetime.date(2024, 7, 19)
    """
    days = pl.duration(days=pl.col("reach_days") + 2 * ROLL_REACH_DAYS) - pl.duration(days="due_days")
    return (
        schedules.join(leads.lazy(), on=["lead_unit", "lead_days"], how="left", maintain_order="left")
        .with_columns(horizon_date=pl.lit(as_of) + days)
        .drop("reach_days")
    )


def lead_reach(plans: pl.DataFrame, company: CompanyCalendar, as_of: date) -> pl.DataFrame:
    """Return, for each lead of the plans, ``reach_days``: so many days may a due date lie after ``as_of``.

    >>> rows = pl.DataFrame({"lead_days": [5, 5], "lead_unit": ["business", "calendar"]})
    >>> lead_reach(rows, CompanyCalendar(place_code="ES"), date(2024, 6, 3)).sort("lead_unit").rows()
    [('business', 5, 8), ('calendar', 5, 5)]
    """
    leads = plans.select("lead_unit", "lead_days").unique(maintain_order=True).drop_nulls()
    latest = as_of + _REACH
    reach = [
        (company.ahead(latest, count + 1) - latest).days if unit == LeadUnit.BUSINESS.value else count
        for unit, count in leads.iter_rows()
    ]
    return leads.with_columns(reach_days=pl.Series(reach, dtype=pl.Int64))
