"""The last result of each check: what holds, and since when what does not.

Belongs here: one row for each check and what was looked at, so that a failure is told once and its end once.
Does not belong here: the checks (``checks``), telling (``notification_events``).

A failure and its end are an episode. A check that holds over more (every date, the whole store) ends the
episodes of what lies within.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, text

from billing_assets.domain.checks import CheckResult
from billing_assets.store.checks import run_checks

_KEEP = """
insert into check_result as c (check_id, company_id, billing_date, is_holding, offender_count, checked_at,
    episode_number, failed_at, failed_count, examples)
values (:check, :company, :day, :holds, :count, :at, case when :holds then 0 else 1 end,
    case when :holds then null else cast(:at as timestamptz) end, :count, to_jsonb(cast(:examples as text[])))
on conflict (check_id, company_id, billing_date) do update set
    is_holding = excluded.is_holding, offender_count = excluded.offender_count,
    checked_at = excluded.checked_at,
    episode_number = c.episode_number + case when c.is_holding and not excluded.is_holding then 1 else 0 end,
    failed_at = case when c.is_holding and not excluded.is_holding then excluded.checked_at
        else c.failed_at end,
    failed_count = case when excluded.is_holding then c.failed_count else excluded.offender_count end,
    examples = case when excluded.is_holding then c.examples else excluded.examples end,
    recovered_at = case when not excluded.is_holding then null
        when c.is_holding then c.recovered_at else excluded.checked_at end
where c.checked_at <= excluded.checked_at
"""

_END_WITHIN = """
update check_result set is_holding = true, offender_count = 0, checked_at = :at, recovered_at = :at
where check_id = :check and not is_holding and checked_at <= :at
    and cast(:day as date) is null and (billing_date is not null or cast(:company as smallint) is null)
    and (cast(:company as smallint) is null or company_id = :company)
"""

_RESULTS = """
select check_id, company_id, billing_date, is_holding, offender_count, failed_at, recovered_at, checked_at
from check_result
where (cast(:company as smallint) is null or company_id is null or company_id = :company)
    and (:with_holding or not is_holding)
order by check_id, company_id nulls first, billing_date nulls first
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptResult:
    """The last result of a check over a company (None: the whole store) and a date (None: every date)."""

    check_id: str
    company_id: int | None
    billing_date: date | None
    is_holding: bool
    offender_count: int
    failed_at: datetime | None
    recovered_at: datetime | None
    checked_at: datetime


def run_kept_checks(
    connection: Connection,
    billing_date: date | None,
    *,
    at: datetime,
    company_id: int | None,
    tell: Callable[[int, int], None],
) -> list[CheckResult]:
    """Run every check, see :func:`billing_assets.store.checks.run_checks`, and keep what it found."""
    results = run_checks(connection, billing_date, at=at, company_id=company_id, tell=tell)
    keep_check_results(connection, results, company_id, billing_date, at)
    return results


def keep_check_results(
    connection: Connection,
    results: Sequence[CheckResult],
    company_id: int | None,
    billing_date: date | None,
    at: datetime,
) -> None:
    """Keep what the checks found ``at`` an instant; an older result never replaces a newer one."""
    values = [
        {
            "check": result.check.check_id,
            "company": company_id,
            "day": billing_date,
            "holds": not result.offender_count,
            "count": result.offender_count,
            "examples": list(result.examples),
            "at": at,
        }
        for result in results
    ]
    if not values:
        return
    connection.execute(text(_KEEP), values)
    holding = [row for row in values if row["holds"]]
    if holding and billing_date is None:
        connection.execute(text(_END_WITHIN), holding)


def list_check_results(
    connection: Connection, company_id: int | None = None, *, with_holding: bool = True
) -> list[KeptResult]:
    """Return the last results, of a company and of the whole store; without ``with_holding`` what fails."""
    values = {"company": company_id, "with_holding": with_holding}
    return [KeptResult(**row) for row in connection.execute(text(_RESULTS), values).mappings()]
