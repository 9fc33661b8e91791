"""Charges that stand held or failed, over all runs: the worklist of what was not billed.

Belongs here: which of them stand, counted and listed, with owner, last note and open request.
Does not belong here: the charges of one run (``run_charges``), billing them (``steps``).

A charge stands until a later run has billed its installment, or the book has changed its term: then a run
says anew what becomes of it. This is what ``charge_listings.standing_charges`` says of one date.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, text

from billing_assets.store.worklist_tallies import COUNTED_AT_MOST, ReasonTally, tallies


@dataclass(frozen=True, slots=True, kw_only=True)
class FailureFilter:
    """Which standing charges; an empty field asks for nothing, ``owner`` "-" for what nobody owns.

    ``until_date`` leaves out what is of a later billing date; ``after`` is the place of the last row seen.
    """

    outcome: str = ""
    reason_code: str = ""
    owner: str = ""
    policy_number: str = ""
    until_date: date | None = None
    after: tuple[str, str, int, int, int] | None = None
    limit: int = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class FailureRow:
    """A standing charge; ``is_requested``: the inbox has an open request for its policy.

    ``problem_id`` is that of the open problem that holds its term, None where there is none. ``billing_date``
    is that of the run that said so last, at ``failed_at``, when it was planned where it is
    under way or was interrupted; ``until_date`` that of the charge itself. The retries are those of this
    version of the term, see :class:`billing_assets.domain.retries.FailedCharge`.
    """

    run_id: int
    policy_term_id: int
    installment_number: int
    policy_number: str
    outcome: str
    reason_code: str
    billing_date: date
    due_date: date
    currency: str
    net_minor: int
    owner: str
    note: str
    is_requested: bool
    problem_id: int | None
    policy_term_version_id: int
    until_date: date
    failed_at: datetime
    attempt_count: int
    next_attempt_at: datetime | None
    is_given_up: bool

    @property
    def key(self) -> str:
        """What names it in a form.

        >>> row = dict.fromkeys(FailureRow.__slots__)
        >>> FailureRow(**{**row, "policy_term_id": 7, "installment_number": 2}).key
        '7-2'
        """
        return f"{self.policy_term_id}-{self.installment_number}"

    @property
    def place(self) -> tuple[str, str, int, int, int]:
        """Where it stands in its list."""
        return self.outcome, self.reason_code, self.run_id, self.policy_term_id, self.installment_number


_MOST_REASONS = 8

# Each run of the whole book, of an open day, tells again of what is due and not settled, up to a held run;
# what an older run told of and that one did not stands no more, and need not be looked at.
_STANDS = """
d.run_id >= coalesce((
    select min(s.run_id) from billing_run s
    where s.company_id = :company and s.run_kind = 'billing' and s.state = 'finalised' and s.billing_date = (
        select max(o.billing_date) from billing_run o
        where o.company_id = :company and o.run_kind = 'billing' and o.state = 'finalised' and o.is_open_day
            and o.selection = '{}'
            and o.billing_date < coalesce((select min(h.billing_date) from billing_run h
                where h.company_id = :company and h.state = 'held'), 'infinity'))), 0)
and exists (select from policy_term_version v where v.policy_term_version_id = d.policy_term_version_id
    and v.superseded_batch_id is null)
and not exists (select from due_charge z where z.company_id = d.company_id and z.outcome <> 'invoiced'
    and z.policy_term_id = d.policy_term_id and z.run_id > d.run_id and (z.installment_number =
        d.installment_number or (d.installment_number = 0 and z.outcome = 'zero'))
    and (z.charge_kind = 'premium_change') = (d.charge_kind = 'premium_change'))
and not exists (select from invoice_line l join invoice i using (invoice_id)
    where l.policy_term_id = d.policy_term_id and l.credited_invoice_id is null and i.run_id > d.run_id
        and (l.installment_number = d.installment_number or d.installment_number = 0)
        and (l.charge_kind = 'premium_change') = (d.charge_kind = 'premium_change'))
"""
# The first reason, then from each the next: as many probes as there are reasons.
_TALLY = f"""
with recursive reason as (
    (select outcome, reason_code from due_charge
     where company_id = :company and outcome in ('held', 'failed') order by 1, 2 limit 1)
    union all
    select n.outcome, n.reason_code from reason r cross join lateral (
        select outcome, reason_code from due_charge
        where company_id = :company and outcome in ('held', 'failed')
            and (outcome, reason_code) > (r.outcome, r.reason_code)
        order by 1, 2 limit 1) n
)
select outcome as state, reason_code, found.tally_count, null::timestamptz as since
from reason r cross join lateral (
    select count(*) as tally_count from (
        select from (
            select distinct on (c.run_id, c.policy_term_id, c.installment_number) c.* from due_charge c
            where c.company_id = :company and c.outcome = r.outcome and c.reason_code = r.reason_code
                and c.outcome in ('held', 'failed')
            order by c.run_id desc, c.policy_term_id, c.installment_number
        ) d where {_STANDS} limit :most
    ) counted
) found
where found.tally_count > 0 order by found.tally_count desc, outcome, reason_code
"""  # noqa: S608 - constants
_LIST = """
with page as materialized (
    select distinct on (d.outcome, d.reason_code, d.run_id, d.policy_term_id, d.installment_number) d.*
    from due_charge d
    where d.company_id = :company and d.outcome in ('held', 'failed') and {stands} {conditions}
    order by d.outcome, d.reason_code, d.run_id desc, d.policy_term_id, d.installment_number limit :limit
)
select d.run_id, d.policy_term_id, d.installment_number, p.policy_number, d.outcome, d.reason_code,
    r.billing_date, d.due_date, d.currency, (
        select sum(a.net_minor)::bigint from due_charge a where a.run_id = d.run_id
            and a.policy_term_id = d.policy_term_id and a.installment_number = d.installment_number
    ) as net_minor, coalesce(owned.owner, '') as owner, coalesce(noted.note, '') as note,
    exists (select from inbox_request q where q.company_id = d.company_id
        and q.policy_number = p.policy_number and q.state in ('queued', 'waiting')) as is_requested,
    (select max(q.problem_id) from problem_hold g join problem q on q.problem_id = g.problem_id and q.is_open
        where g.company_id = d.company_id and g.policy_id = p.policy_id
            and g.policy_term_id = d.policy_term_id) as problem_id,
    d.policy_term_version_id, case when d.installment_number = 0
        then greatest(d.billing_date, t.effective_date) else d.billing_date end as until_date,
    coalesce(r.finalised_at, r.planned_at) as failed_at,
    coalesce(tried.attempt_number, 0) as attempt_count, tried.next_attempt_at,
    tried.reason_code is not null and tried.next_attempt_at is null as is_given_up
from page d join billing_run r using (run_id) join policy_term t using (policy_term_id)
join policy p using (policy_id)
left join lateral (select attempt_number, next_attempt_at, reason_code from invoice_retry a
    where a.policy_term_version_id = d.policy_term_version_id
        and a.installment_number = d.installment_number
    order by attempt_number desc limit 1) tried on true
left join lateral (select owner from worklist_note n where n.policy_term_id = d.policy_term_id
    and n.installment_number = d.installment_number and n.owner <> ''
    order by worklist_note_id desc limit 1) owned on true
left join lateral (select note from worklist_note n where n.policy_term_id = d.policy_term_id
    and n.installment_number = d.installment_number and n.note <> ''
    order by worklist_note_id desc limit 1) noted on true
order by d.outcome, d.reason_code, d.run_id desc, d.policy_term_id, d.installment_number
"""
_OWNER_OF = """coalesce((select owner from worklist_note n where n.policy_term_id = d.policy_term_id
    and n.installment_number = d.installment_number and n.owner <> ''
    order by worklist_note_id desc limit 1), '')
"""
_CONDITIONS = {
    "outcome": "and d.outcome = :outcome",
    "reason_code": "and d.reason_code = :reason_code",
    "until_date": "and d.run_id in (select run_id from billing_run where company_id = :company "
    "and billing_date <= :until_date)",
    "owner": f"and {_OWNER_OF} = case when :owner = '-' then '' else :owner end",
    "policy_number": "and d.policy_term_id in (select t.policy_term_id from policy p "
    "join policy_term t using (policy_id) where p.company_id = :company "
    "and p.policy_number = :policy_number)",
}
_AFTER = """
and (d.outcome, d.reason_code, -d.run_id, d.policy_term_id, d.installment_number)
    > (:after_outcome, :after_reason, -:after_run, :after_term, :after_number)
and (d.outcome, d.reason_code) >= (:after_outcome, :after_reason)
"""
_NAMED = "and (d.policy_term_id, d.installment_number) in (select * from unnest(cast(:terms as bigint[]), "
_NAMED += "cast(:numbers as int[])))"


def tally_failures(connection: Connection, company_id: int) -> list[ReasonTally]:
    """Return how many charges stand for each reason, the most frequent first."""
    return tallies(connection, _TALLY, company_id, COUNTED_AT_MOST)


def list_failures(connection: Connection, company_id: int, wanted: FailureFilter) -> list[FailureRow]:
    """Return a page of the standing charges, by outcome and reason, those of the newest run first."""
    values: dict[str, Any] = {name: getattr(wanted, name) for name in _CONDITIONS if getattr(wanted, name)}
    conditions = " ".join(_CONDITIONS[name] for name in values)
    if wanted.after:
        conditions += _AFTER
        names = ("after_outcome", "after_reason", "after_run", "after_term", "after_number")
        values |= dict(zip(names, wanted.after, strict=True))
    return _listed(connection, company_id, conditions, {**values, "limit": wanted.limit})


def find_failures(
    connection: Connection, company_id: int, keys: Sequence[tuple[int, int]]
) -> list[FailureRow]:
    """Return those of the named charges (term, installment) that stand."""
    terms, numbers = ([key[place] for key in keys] for place in (0, 1))
    # An installment may have failed for one reason and be held for another.
    values = {"terms": terms, "numbers": numbers, "limit": _MOST_REASONS * len(keys)}
    return _listed(connection, company_id, _NAMED, values)


def _listed(
    connection: Connection, company_id: int, conditions: str, values: dict[str, Any]
) -> list[FailureRow]:
    query = text(_LIST.format(stands=_STANDS, conditions=conditions))
    rows = connection.execute(query, {**values, "company": company_id}).mappings()
    return [FailureRow(**row) for row in rows]
