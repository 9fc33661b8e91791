"""Dates by pattern: recurrence rules of RFC 5545 and lists of dates.

Belongs here: the one use of ``dateutil``, and the billing grid of the schedules that have such a pattern.
Does not belong here: cycles of days and months (``schedules``), which clamp where a rule skips.

A rule counts in whole days: times of day are refused. Days that do not exist (30 February) are skipped, as
the RFC says. The grid of a rule is worked out once for each different schedule, not for each policy.
"""

from calendar import isleap
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from itertools import pairwise, takewhile
from math import lcm
from typing import Any

import polars as pl
from dateutil.rrule import rruleset, rrulestr

from billing_assets.domain.errors import BillingError
from billing_assets.domain.frequencies import PeriodUnit
from billing_assets.frames.columns import PERIOD_SCHEMA
from billing_assets.frames.term_days import Days, actual_days, weighing_days

_LONGEST_PATTERN = 4_000
_LARGEST_NUMBER = 1_000
_FREQUENCIES = ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")
_PARTS = frozenset(
    "FREQ COUNT UNTIL INTERVAL WKST BYDAY BYMONTH BYMONTHDAY BYYEARDAY BYWEEKNO BYSETPOS BYEASTER".split()
)
_LINES = ("RRULE", "EXDATE", "RDATE", "EXRULE")
_GRID_ENDS = ("first_grid_from", "first_grid_to", "last_grid_from", "last_grid_to")
_YEARS_BEFORE = 4
"""A rule is begun at least so many years before a term, to see the period in which the term begins."""


def occurrences(pattern: str, start: date, from_date: date, to_date: date) -> list[date]:
    """Return the days of a rule that begins on ``start``, those in ``[from_date, to_date)``, ascending.

    ``pattern`` is an RFC 5545 rule, with or without ``RRULE:``, or several lines with ``RDATE`` and
    ``EXDATE``.     ``start`` itself is a day of the rule only where the rule says so.

    Raises:
        BillingError: ``pattern_invalid``.

    >>> days = occurrences("FREQ=MONTHLY;BYDAY=-1FR", date(2024, 1, 1), date(2024, 1, 1), date(2024, 4, 1))
    >>> [str(day) for day in days]
    ['2024-01-26', '2024-02-23', '2024-03-29']
    """
    return list(takewhile(lambda day: day < to_date, _days(_rule(pattern, start), from_date)))


def _days(rule: rruleset, from_date: date) -> Iterator[date]:
    last = None
    for moment in rule.xafter(_midnight(from_date), inc=True):
        if moment.date() != last:
            last = moment.date()
            yield last


def _rule(pattern: str, start: date) -> rruleset:
    """Return the rule as dateutil's, begun at midnight of ``start``."""
    _refuse_what_is_no_rule_of_days(pattern)
    try:
        rule = rrulestr(pattern, dtstart=_midnight(start), forceset=True, ignoretz=True)
    except (ValueError, KeyError, TypeError, OverflowError) as error:
        raise _invalid(pattern, str(error) or "it cannot be read") from error
    return rule


def _refuse_what_is_no_rule_of_days(pattern: str) -> None:
    """Refuse before dateutil what it would take and never come back from, or read as times of day."""
    if len(pattern) > _LONGEST_PATTERN:
        raise _invalid(pattern[:40], f"it has more than {_LONGEST_PATTERN} characters")
    for line in pattern.split("\n"):
        name, colon, value = line.strip().rpartition(":")
        word = name.partition(";")[0].upper()
        if colon and word not in _LINES:
            raise _invalid(pattern, f"a line begins with '{word}'; known are {', '.join(_LINES)}")
        if word in ("", "RRULE", "EXRULE"):
            _check_parts(pattern, value)


def _check_parts(pattern: str, line: str) -> None:
    parts = dict(part.upper().partition("=")[::2] for part in line.split(";") if part)
    unknown = sorted(set(parts) - _PARTS)
    if unknown:
        raise _invalid(pattern, f"'{unknown[0]}' is no part of a rule of days")
    if parts.get("FREQ") not in _FREQUENCIES:
        raise _invalid(pattern, f"FREQ is none of {', '.join(_FREQUENCIES)}")
    for name in ("INTERVAL", "COUNT"):
        if name in parts and not (parts[name].isdecimal() and 1 <= int(parts[name]) <= _LARGEST_NUMBER):
            raise _invalid(pattern, f"{name} is not a number from 1 to {_LARGEST_NUMBER}")


def _invalid(pattern: str, why: str) -> BillingError:
    return BillingError(
        "pattern_invalid",
        f"the pattern '{pattern}' is no recurrence rule: {why}",
        "write it as RFC 5545 does, for example FREQ=MONTHLY;BYMONTHDAY=1,15",
    )


def listed_dates(pattern: str) -> list[date]:
    """Return the days of a list such as ``2025-01-15 2025-04-15``, ascending, each once.

    Raises:
        BillingError: ``pattern_invalid``.

    >>> [str(day) for day in listed_dates("2025-04-15, 2025-01-15")]
    ['2025-01-15', '2025-04-15']
    """
    words = pattern.replace(",", " ").split()
    try:
        days = sorted({date.fromisoformat(word) for word in words})
    except ValueError as error:
        raise _bad_list(pattern, str(error)) from error
    if not days:
        raise _bad_list(pattern, "it is empty")
    return days


def _bad_list(pattern: str, why: str) -> BillingError:
    return BillingError(
        "pattern_invalid",
        f"the pattern '{pattern[:80]}' is no list of dates: {why}",
        "write each date as year-month-day: 2025-01-15 2025-04-15",
    )


def pattern_periods(schedules: pl.DataFrame, days: Days = actual_days) -> pl.DataFrame:
    """Return the periods (``PERIOD_SCHEMA``) of schedules that bill once, by a rule or by a list of dates.

    ``schedules`` has ``schedule_id``, ``unit``, ``pattern``, ``effective_date``, ``expiration_date`` and
    ``anchor_date``; those that count in days or months have no row. ``days`` count the days of periods, for
    which ``grid_days`` needs ``day_count`` too.

    >>> row = {
    ...     "schedule_id": 0,
    ...     "unit": "rule",
    ...     "pattern": "FREQ=MONTHLY;BYMONTHDAY=1",
    ...     "effective_date": date(2024, 1, 16),
    ...     "expiration_date": date(2024, 3, 16),
    ...     "anchor_date": date(2024, 1, 16),
    ... }
    >>> periods = pattern_periods(pl.DataFrame([row]))
    >>> periods.select(
    ...     pl.col("period_from_date", "period_end_date").cast(pl.String), "first_full_days"
    ... ).rows()
    [('2024-01-16', '2024-02-01', 31), ('2024-02-01', '2024-03-01', 31), ('2024-03-01', '2024-03-16', 31)]
    """
    by_pattern = schedules.filter(pl.col("unit").is_in(list(_GRIDS)))
    rows = [period for row in by_pattern.iter_rows(named=True) for period in _periods(row)]
    schema = {name: dtype for name, dtype in PERIOD_SCHEMA.items() if not name.endswith("_days")}
    periods = pl.DataFrame(rows, schema=schema | dict.fromkeys(_GRID_ENDS, pl.Date))
    return (
        periods.join(by_pattern, on="schedule_id", how="inner", maintain_order="left")
        .with_columns(**weighing_days(days, *(pl.col(name) for name in _GRID_ENDS)))
        .select(pl.col(name).cast(dtype) for name, dtype in PERIOD_SCHEMA.items())
    )


def _periods(row: Mapping[str, Any]) -> Iterator[dict[str, object]]:
    effective, expiration = row["effective_date"], row["expiration_date"]
    grid = _GRIDS[row["unit"]](row["pattern"], row["anchor_date"], effective, expiration)
    borders = list(pairwise(grid.borders))
    (first_from, first_to), (last_from, last_to) = borders[0], borders[-1]
    of_schedule = {
        "schedule_id": row["schedule_id"],
        "installment_count": len(borders),
        **dict(zip(_GRID_ENDS, (first_from, first_to, last_from, last_to), strict=True)),
    }
    for number, ((start, end), due_from) in enumerate(zip(borders, grid.due_from, strict=True), start=1):
        yield {
            **of_schedule,
            "installment_number": number,
            "period_from_date": max(start, effective),
            "period_end_date": min(end, expiration),
            "due_from_date": due_from,
        }


@dataclass(frozen=True, slots=True)
class _Grid:
    """The borders of a term's periods, and for each period the day from which its due days count.

    The first border lies on or before the effective date, the last on or after the expiration.
    """

    borders: Sequence[date]
    due_from: Sequence[date]


def _once(_pattern: str, _anchor: date, effective: date, expiration: date) -> _Grid:
    return _Grid(borders=[effective, expiration], due_from=[effective])


# A shard has the schedules of the shard before once more, and a run of the next date has them all.
@lru_cache(maxsize=1_024)
def _by_rule(pattern: str, anchor: date, effective: date, expiration: date) -> _Grid:
    """Return the days of the rule around the term; where it has none before or after, the term's own ends."""
    before, inside = effective, []
    for day in _days(_rule(pattern, _begun_before(pattern, anchor, effective)), date.min):
        if day <= effective:
            before = day
        elif day < expiration:
            inside.append(day)
        else:
            return _Grid(borders=(before, *inside, day), due_from=(effective, *inside))
    return _Grid(borders=(before, *inside, expiration), due_from=(effective, *inside))


def _by_list(pattern: str, _anchor: date, effective: date, expiration: date) -> _Grid:
    """Return the listed days inside the term; the first period begins with the term."""
    inside = [day for day in listed_dates(pattern) if effective <= day < expiration] or [effective]
    return _Grid(borders=[effective, *inside[1:], expiration], due_from=inside)


_GRIDS: dict[str, Callable[[str, date, date, date], _Grid]] = {
    PeriodUnit.ONCE.value: _once,
    PeriodUnit.RULE.value: _by_rule,
    PeriodUnit.DATES.value: _by_list,
}


def _begun_before(pattern: str, anchor: date, effective: date) -> date:
    """Return a day from which the rule has the same days and is begun some years before the term.

    A rule that counts its days begins on the anchor alone.
    """
    parts = _parts(pattern)
    if "COUNT" in parts:
        return anchor
    interval = int(parts.get("INTERVAL", 1))
    if parts["FREQ"] in ("DAILY", "WEEKLY"):
        cycle = interval * (7 if parts["FREQ"] == "WEEKLY" else 1)
        days = cycle * -(-_YEARS_BEFORE * 366 // cycle)
        cycles = max(0, (anchor - effective).days // days) + 1
        return anchor - timedelta(days=days * cycles) if anchor.toordinal() > days * cycles else anchor
    months = interval * (12 if parts["FREQ"] == "YEARLY" else 1)
    years = lcm(lcm(months, 12) // 12, _YEARS_BEFORE)
    cycles = max(0, (anchor.year - effective.year) // years) + 1
    begun = anchor.year - years * cycles
    # The years are a multiple of four, so that a leap day stays one; but 1900 and 2100 have none.
    is_there = begun >= 1 and ((anchor.month, anchor.day) != (2, 29) or isleap(begun))
    return anchor.replace(year=begun) if is_there else anchor


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min)


def _parts(pattern: str) -> dict[str, str]:
    """Return the parts of the first rule line; of a pattern with dates alone, a rule of one day."""
    for line in pattern.split("\n"):
        name, _, value = line.strip().rpartition(":")
        if name.partition(";")[0].upper() in ("", "RRULE"):
            return dict(part.upper().partition("=")[::2] for part in value.split(";") if part)
    return {"FREQ": "DAILY", "COUNT": "1"}
