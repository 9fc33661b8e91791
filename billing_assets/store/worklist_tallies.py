"""How many rows of a worklist there are for each reason, and since when.

Belongs here: counts of open problems and of undelivered documents that stay quick however many there are.
Does not belong here: the exact counts of a command (``problem_listings``, ``delivery_listings``), the lists.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

from billing_assets.domain.decisions import GIVEN_UP_REASON
from billing_assets.store.delivery_listings import UNSENT_REASONS

COUNTED_AT_MOST = 1_000
"""So many are counted where each has to be looked at by itself."""

ROWS_COUNTED_AT_MOST = 50_000
"""So many rows of an index are counted; beyond that the exact number helps nobody and costs time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReasonTally:
    """How many there are of a state for one reason; ``is_more``: there are more than were counted.

    ``since`` is when the oldest of them was recorded, None where that is not asked for.
    """

    state: str
    reason_code: str
    count: int
    is_more: bool
    since: datetime | None


# The first reason, then from each the next: as many probes of the index as there are reasons.
_PROBLEMS = """
with recursive reason as (
    (select problem_code from problem where company_id = :company and is_open order by 1 limit 1)
    union all
    select n.problem_code from reason r cross join lateral (
        select problem_code from problem
        where company_id = :company and is_open and problem_code > r.problem_code order by 1 limit 1) n
)
select 'open' as state, problem_code as reason_code, found.tally_count, (
    select recorded_at from problem where company_id = :company and is_open
        and problem_code = r.problem_code order by problem_id limit 1) as since
from reason r cross join lateral (
    select count(*) as tally_count from (select from problem where company_id = :company and is_open
        and problem_code = r.problem_code limit :most) p
) found
order by found.tally_count desc, problem_code
"""
_DELIVERIES = f"""
{UNSENT_REASONS}
select r.state, r.reason_code, found.tally_count, (
    select queued_at from delivery where company_id = :company and state <> 'sent' and state = r.state
        and reason_code = r.reason_code order by delivery_id limit 1) as since
from reason r cross join lateral (
    select count(*) as tally_count from (select from delivery where company_id = :company and state <> 'sent'
        and state = r.state and reason_code = r.reason_code limit :most) d
) found
where r.reason_code <> :given_up
order by found.tally_count desc, r.state, r.reason_code
"""  # noqa: S608 - constants


def tally_problems(connection: Connection, company_id: int) -> list[ReasonTally]:
    """Return how many problems are open for each code, the most frequent first."""
    return tallies(connection, _PROBLEMS, company_id, ROWS_COUNTED_AT_MOST)


def tally_deliveries(connection: Connection, company_id: int) -> list[ReasonTally]:
    """Return how many deliveries are not sent for each state and reason, without those given up."""
    return tallies(connection, _DELIVERIES, company_id, ROWS_COUNTED_AT_MOST)


def tallies(connection: Connection, query: str, company_id: int, most: int) -> list[ReasonTally]:
    """Return the rows of a query that counts up to one more than ``most`` of each reason."""
    values = {"company": company_id, "most": most + 1, "given_up": GIVEN_UP_REASON}
    return [
        ReasonTally(
            state=row.state,
            reason_code=row.reason_code,
            count=min(row.tally_count, most),
            is_more=row.tally_count > most,
            since=row.since,
        )
        for row in connection.execute(text(query), values)
    ]
