"""What people do with a worklist: notes, owners, and closing many at once.

Belongs here: the rows that such an act locks, changes and adds, in the transaction of the caller.
Does not belong here: which act a row allows (``wiring.worklists``), the lists themselves
(``problem_listings``, ``failures``).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, text

from billing_assets.domain.audit_acts import Act, AuditAct, Subject
from billing_assets.store.audit_log import record_act


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """What somebody said of a row of a worklist; ``owner`` is empty unless it was given to somebody then."""

    owner: str
    note: str
    noted_by: str
    noted_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenProblem:
    """An open problem, locked for an act; ``holds_term``: closing it would leave a hold unexplained."""

    problem_id: int
    policy_number: str
    holds_term: bool


_LOCK_OPEN = """
select q.problem_id, coalesce(q.policy_number, '') as policy_number, exists (
    select from policy p join policy_term_version v on v.policy_id = p.policy_id
    where p.company_id = q.company_id and p.policy_number = q.policy_number
        and v.effective_date = q.effective_date and v.superseded_batch_id is null
        and v.hold_code = q.problem_code) as holds_term
from problem q
where q.company_id = :company and q.problem_id = any(:ids) and q.is_open order by q.problem_id for update
"""
_ASSIGN = "update problem set owner = :owner where company_id = :company and problem_id = any(:ids)"
_CLOSE = """
with closed as (
    update problem set is_open = false where company_id = :company and problem_id = any(:ids) and is_open
    returning problem_id, company_id
)
insert into problem_closing (problem_id, company_id, note, closed_by, closed_at)
select problem_id, company_id, :note, :by, :at from closed order by problem_id
"""
_NOTE_PROBLEMS = """
insert into worklist_note (company_id, problem_id, owner, note, noted_by, noted_at)
select :company, problem_id, :owner, :note, :by, :at from unnest(cast(:ids as bigint[])) as p (problem_id)
"""
_NOTE_CHARGES = """
insert into worklist_note (company_id, policy_term_id, installment_number, owner, note, noted_by, noted_at)
select :company, term, number, :owner, :note, :by, :at
from unnest(cast(:terms as bigint[]), cast(:numbers as int[])) as c (term, number)
"""
_LAST_NOTES = """
select distinct on (problem_id) problem_id, note from worklist_note
where problem_id = any(:ids) and note <> '' order by problem_id, worklist_note_id desc
"""
_OF_PROBLEM = """
select owner, note, noted_by, noted_at from worklist_note
where company_id = :company and problem_id = :problem order by worklist_note_id
"""
# The day of a run on demand says when somebody asked, not up to when something was due.
_STANDING_DATES = """
select p.policy_number, coalesce(max(r.billing_date) filter (where r.run_kind <> 'on_demand'),
    max(d.billing_date)) as billing_date
from policy p join policy_term t using (policy_id)
join due_charge d on d.company_id = p.company_id and d.policy_term_id = t.policy_term_id
    and d.outcome <> 'invoiced' and d.outcome in ('held', 'failed')
join billing_run r using (run_id)
where p.company_id = :company and p.policy_number = any(:policies)
group by p.policy_number
"""
_REQUESTED = """
select distinct policy_number from inbox_request
where company_id = :company and policy_number = any(:policies) and state in ('queued', 'waiting')
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedNote:
    """A note, or a new owner, with who says so and when."""

    by: str
    at: datetime
    owner: str = ""
    note: str = ""


def lock_open_problems(connection: Connection, company_id: int, ids: Sequence[int]) -> list[OpenProblem]:
    """Return those of these problems that are open, and hold them until the transaction ends."""
    rows = connection.execute(text(_LOCK_OPEN), {"company": company_id, "ids": list(ids)}).mappings()
    return [OpenProblem(**row) for row in rows]


def assign_problems(connection: Connection, company_id: int, ids: Sequence[int], signed: SignedNote) -> None:
    """Give locked problems to ``signed.owner``, and keep who did."""
    values = _values(company_id, signed) | {"ids": list(ids)}
    connection.execute(text(_ASSIGN), values)
    connection.execute(text(_NOTE_PROBLEMS), values)
    _record(connection, company_id, Act.ASSIGN_PROBLEM, Subject.PROBLEM, ids, signed)


def note_problems(connection: Connection, company_id: int, ids: Sequence[int], signed: SignedNote) -> None:
    """Keep a note beside each of these problems."""
    connection.execute(text(_NOTE_PROBLEMS), _values(company_id, signed) | {"ids": list(ids)})
    _record(connection, company_id, Act.NOTE_PROBLEM, Subject.PROBLEM, ids, signed)


def close_problems(connection: Connection, company_id: int, ids: Sequence[int], signed: SignedNote) -> None:
    """Close locked problems, and keep why, who and when."""
    connection.execute(text(_CLOSE), _values(company_id, signed) | {"ids": list(ids)})
    _record(connection, company_id, Act.CLOSE_PROBLEM, Subject.PROBLEM, ids, signed)


def note_charges(
    connection: Connection, company_id: int, keys: Sequence[tuple[int, int]], signed: SignedNote
) -> None:
    """Keep a note, or a new owner, beside each of these charges (term, installment)."""
    give_charges(connection, company_id, keys, signed)
    act = Act.ASSIGN_CHARGE if signed.owner else Act.NOTE_CHARGE
    named = [f"{term}-{number}" for term, number in keys]
    _record(connection, company_id, act, Subject.CHARGE, named, signed)


def give_charges(
    connection: Connection, company_id: int, keys: Sequence[tuple[int, int]], signed: SignedNote
) -> None:
    """Keep a note, or a new owner, beside each of these charges; no act of a person, so none is audited."""
    terms, numbers = ([key[place] for key in keys] for place in (0, 1))
    values = _values(company_id, signed) | {"terms": terms, "numbers": numbers}
    connection.execute(text(_NOTE_CHARGES), values)


def last_notes(connection: Connection, problem_ids: Sequence[int]) -> dict[int, str]:
    """Return problem -> its last note, of those that have one."""
    rows = connection.execute(text(_LAST_NOTES), {"ids": list(problem_ids)})
    return {row.problem_id: row.note for row in rows}


def notes_of_problem(connection: Connection, company_id: int, problem_id: int) -> list[Note]:
    """Return what was said of a problem, oldest first."""
    values = {"company": company_id, "problem": problem_id}
    return [Note(**row) for row in connection.execute(text(_OF_PROBLEM), values).mappings()]


def held_or_failed_dates(
    connection: Connection, company_id: int, policy_numbers: Sequence[str]
) -> dict[str, date]:
    """Return policy -> the last billing date on which a charge of it was held or failed."""
    values = {"company": company_id, "policies": list(policy_numbers)}
    return {row.policy_number: row.billing_date for row in connection.execute(text(_STANDING_DATES), values)}


def requested_policies(connection: Connection, company_id: int, policy_numbers: Sequence[str]) -> set[str]:
    """Return those of these policies of which the inbox has an open request."""
    values = {"company": company_id, "policies": list(policy_numbers)}
    return set(connection.execute(text(_REQUESTED), values).scalars())


def record_request(
    connection: Connection, company_id: int, subject: Subject, named: Sequence[object], signed: SignedNote
) -> None:
    """Keep in the audit log that somebody asked to bill the policies of these again."""
    _record(connection, company_id, Act.BILL_AGAIN, subject, named, signed)


def _record(
    connection: Connection,
    company_id: int,
    act: Act,
    subject: Subject,
    named: Sequence[object],
    signed: SignedNote,
) -> None:
    """Append an entry of the audit log for each of the rows."""
    for row in named:
        entry = AuditAct(
            act=act,
            subject=subject,
            subject_id=str(row),
            company_id=company_id,
            reason=signed.note,
            signed_by=signed.by,
            after={"owner": signed.owner} if signed.owner else None,
        )
        record_act(connection, entry, signed.at)


def _values(company_id: int, signed: SignedNote) -> dict[str, object]:
    return {
        "company": company_id,
        "owner": signed.owner,
        "note": signed.note,
        "by": signed.by,
        "at": signed.at,
    }
