"""Problems in the store: bad rows, kept until a person or a corrected file has dealt with them.

Belongs here: writing, listing, assigning and closing problems. Does not belong here: finding them
(``frames``).
"""

from collections.abc import Mapping
from datetime import datetime

import polars as pl
from sqlalchemy import Connection, text

from billing_assets.domain.audit_acts import Act, AuditAct, Subject
from billing_assets.domain.problems import ROW_TAKEN_CODES
from billing_assets.frames.columns import OPEN_HOLD_SCHEMA, OPEN_PROBLEM_SCHEMA
from billing_assets.store.audit_log import record_act
from billing_assets.store.copy import copy_in, copy_out

BOOK_BATCH, CHANGES_BATCH = "book", "changes"
"""The kinds of an import: a policy book, and a file of changes in the middle of terms."""

INTAKE_OWNER = "intake"
"""Who owns a problem that nobody has been given yet: the people who run intake."""

PROBLEM_SCHEMA: dict[str, type[pl.DataType]] = {
    "problem_id": pl.Int64,
    "batch_id": pl.Int64,
    "row_number": pl.Int64,
    "record_key": pl.String,
    "problem_code": pl.String,
    "field_name": pl.String,
    "original_value": pl.String,
    "original_row": pl.String,
    "owner": pl.String,
    "recorded_at": pl.String,
}
"""A problem as it is listed, with ``recorded_at`` as ISO text in UTC."""

_CLOSE = """
with closed as (
    update problem set is_open = false where company_id = :company and problem_id = :problem and is_open
    returning problem_id, company_id
)
insert into problem_closing (problem_id, company_id, note, closed_by, closed_at)
select problem_id, company_id, :note, :closed_by, :at from closed
"""

_ASSIGN = """
with former as (
    select problem_id, owner from problem
    where company_id = :company and problem_id = :problem and is_open for update
)
update problem p set owner = :owner from former f where p.problem_id = f.problem_id returning f.owner
"""
_CLOSE_ANSWERED = """
with closed as (
    update problem set is_open = false
    where company_id = :company and is_open and problem_id = any(:problems)
    returning problem_id, company_id
)
insert into problem_closing (problem_id, company_id, batch_id, note, closed_by, closed_at)
select c.problem_id, c.company_id, b.batch_id, '', '', b.imported_at
from closed c cross join intake_batch b where b.batch_id = :batch
"""
_INCOMING_HOLD = """
create temporary table incoming_hold (row_number integer, problem_id bigint, policy_number text,
    effective_date date)
on commit drop
"""
_HOLD = """
insert into problem_hold (problem_id, policy_term_id, company_id, policy_id)
    select q.problem_id, t.policy_term_id, :company, p.policy_id
    from incoming_hold i
    join problem q on q.batch_id = :batch and q.row_number = i.row_number
        and q.problem_code <> all(:row_taken)
    join policy p on p.company_id = :company and p.policy_number = i.policy_number
    join policy_term t on t.policy_id = p.policy_id and t.effective_date = i.effective_date
    order by 1, 2
"""
_HOLD_AWAITED = """
insert into problem_hold (problem_id, policy_term_id, company_id, policy_id)
    select q.problem_id, v.policy_term_id, q.company_id, v.policy_id
    from policy_term_version v
    join policy p on p.policy_id = v.policy_id
    join problem q on q.company_id = v.company_id and q.policy_number = p.policy_number
        and q.effective_date = v.effective_date and q.is_open
    join intake_batch b on b.batch_id = q.batch_id and b.batch_kind = :kind
    where v.company_id = :company and v.batch_id = :batch
    order by 1, 2
    on conflict do nothing
"""
_RELEASE = """
update problem_hold h set released_batch_id = :batch
    from incoming_hold i
    join policy p on p.company_id = :company and p.policy_number = i.policy_number
    join policy_term t on t.policy_id = p.policy_id and t.effective_date = i.effective_date
    where h.problem_id = i.problem_id and h.policy_term_id = t.policy_term_id and h.released_batch_id is null
"""
_OPEN_HOLDS = """
select h.problem_id, p.policy_number, t.effective_date
from problem_hold h join problem q on q.problem_id = h.problem_id and q.is_open
join policy_term t on t.policy_term_id = h.policy_term_id join policy p on p.policy_id = h.policy_id
left join intake_batch b on b.batch_id = q.batch_id
where h.company_id = %s and h.released_batch_id is null and coalesce(b.batch_kind, 'book') = %s
"""

_IS_HOLD = """
select exists (select from problem q
    join policy p on p.company_id = q.company_id and p.policy_number = q.policy_number
    join policy_term_version v on v.policy_id = p.policy_id and v.effective_date = q.effective_date
    where q.company_id = :company and q.problem_id = :problem and q.is_open and v.superseded_batch_id is null
        and v.hold_code = q.problem_code)
"""

_LONGEST_VALUE = 1_000
_TEXTS = ("record_key", "field_name", "original_value", "original_row")


def write_problems(
    connection: Connection, company_id: int, batch_id: int, problems: pl.DataFrame, recorded_at: datetime
) -> int:
    """Append the problems of a batch and return how many; the owner of the same open problem goes over to it.

    ``problems`` has ``row_number``, ``record_key``, ``problem_code``, ``field_name``, ``original_value``,
    ``original_row``, and ``policy_number``, ``effective_date`` and ``expiration_date`` as the row names them.
    NUL, which PostgreSQL cannot keep, is shown as U+2400.
    """
    if problems.is_empty():
        return 0
    owners = _open_owners(connection, company_id)
    rows = problems.select(
        *("row_number", "problem_code", "policy_number", "effective_date", "expiration_date"),
        *(pl.col(name).str.replace_all("\x00", "\u2400", literal=True) for name in _TEXTS),
        company_id=pl.lit(company_id),
        batch_id=pl.lit(batch_id),
        recorded_at=pl.lit(recorded_at.isoformat()),
    ).with_columns(pl.col("original_value").str.slice(0, _LONGEST_VALUE))
    owned = rows.join(owners, on=["record_key", "problem_code"], how="left", maintain_order="left")
    return copy_in(connection, "problem", owned.with_columns(pl.col("owner").fill_null(INTAKE_OWNER)))


def close_answered(connection: Connection, company_id: int, batch_id: int, problem_ids: pl.Series) -> int:
    """Close open problems that the book of a batch answers, and return how many."""
    if problem_ids.is_empty():
        return 0
    values = {"company": company_id, "batch": batch_id, "problems": problem_ids.to_list()}
    return connection.execute(text(_CLOSE_ANSWERED), values).rowcount


def write_holds(connection: Connection, company_id: int, batch_id: int, holds: pl.DataFrame) -> None:
    """Append what the problems of a batch hold: ``row_number`` of the problem, and key of the term."""
    values = {"company": company_id, "batch": batch_id, "row_taken": list(ROW_TAKEN_CODES)}
    _staged(connection, holds, _HOLD, values)


def hold_awaited_terms(connection: Connection, company_id: int, batch_id: int) -> None:
    """Hold the terms of a book's batch of which a file of changes had told before they were there."""
    values = {"company": company_id, "batch": batch_id, "kind": CHANGES_BATCH}
    connection.execute(text(_HOLD_AWAITED), values)


def release_holds(connection: Connection, company_id: int, batch_id: int, released: pl.DataFrame) -> None:
    """Release the holds of terms that a batch has a good row of (``problems.OPEN_HOLD_SCHEMA``)."""
    _staged(connection, released, _RELEASE, {"company": company_id, "batch": batch_id})


def _staged(connection: Connection, rows: pl.DataFrame, statement: str, values: Mapping[str, object]) -> None:
    """Run a statement over ``incoming_hold``, a temporary table with ``rows``."""
    if rows.is_empty():
        return
    connection.execute(text(_INCOMING_HOLD))
    copy_in(connection, "incoming_hold", rows)
    connection.execute(text(statement), dict(values))
    connection.execute(text("drop table incoming_hold"))


def read_open_problems(connection: Connection, company_id: int, batch_kind: str = BOOK_BATCH) -> pl.DataFrame:
    """Return the open problems of a company, columns of ``columns.OPEN_PROBLEM_SCHEMA``.

    A book answers only what a book has said, and a file of changes what such a file has said.
    """
    query = (
        f"select {', '.join(OPEN_PROBLEM_SCHEMA)} from problem left join intake_batch b using (batch_id) "  # noqa: S608 - constants
        "where problem.company_id = %s and is_open and coalesce(b.batch_kind, 'book') = %s "
        "order by problem_id"
    )
    return copy_out(connection, query, (company_id, batch_kind), OPEN_PROBLEM_SCHEMA)


def read_open_holds(connection: Connection, company_id: int) -> pl.DataFrame:
    """Return what open problems of a company's books hold, columns of ``columns.OPEN_HOLD_SCHEMA``."""
    return copy_out(connection, _OPEN_HOLDS, (company_id, BOOK_BATCH), OPEN_HOLD_SCHEMA)


def open_problems(connection: Connection, company_id: int, limit: int = 1_000) -> pl.DataFrame:
    """Return the oldest open problems, columns of ``PROBLEM_SCHEMA``; they hold personal data."""
    names = [name for name in PROBLEM_SCHEMA if name != "recorded_at"]
    instant = "to_char(recorded_at at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')"
    query = (
        f"select {', '.join(names)}, {instant} from problem "  # noqa: S608 - constants
        "where company_id = %s and is_open order by problem_id limit %s"
    )
    return copy_out(connection, query, (company_id, limit), PROBLEM_SCHEMA)


def close_problem(
    connection: Connection,
    company_id: int,
    problem_id: int,
    *,
    note: str,
    closed_by: str,
    closed_at: datetime,
) -> bool:
    """Close an open problem and keep why, who and when.

    False where this company has no such open problem.
    """
    values = {
        "company": company_id,
        "problem": problem_id,
        "note": note,
        "closed_by": closed_by,
        "at": closed_at,
    }
    if connection.execute(text(_CLOSE), values).rowcount != 1:
        return False
    act = AuditAct(
        act=Act.CLOSE_PROBLEM,
        subject=Subject.PROBLEM,
        subject_id=str(problem_id),
        company_id=company_id,
        reason=note,
        signed_by=closed_by,
    )
    record_act(connection, act, closed_at)
    return True


def holds_a_term(connection: Connection, company_id: int, problem_id: int) -> bool:
    """Tell whether an open problem is the hold of a current term, which its closing would leave unseen."""
    values = {"company": company_id, "problem": problem_id}
    return bool(connection.execute(text(_IS_HOLD), values).scalar_one())


def assign_problem(
    connection: Connection, company_id: int, problem_id: int, owner: str, assigned_at: datetime
) -> bool:
    """Give an open problem to ``owner``; return False where this company has no such open problem."""
    values = {"company": company_id, "problem": problem_id, "owner": owner}
    former = connection.execute(text(_ASSIGN), values).scalar_one_or_none()
    if former is None:
        return False
    act = AuditAct(
        act=Act.ASSIGN_PROBLEM,
        subject=Subject.PROBLEM,
        subject_id=str(problem_id),
        company_id=company_id,
        before={"owner": former},
        after={"owner": owner},
    )
    record_act(connection, act, assigned_at)
    return True


def _open_owners(connection: Connection, company_id: int) -> pl.DataFrame:
    query = (
        "select distinct on (record_key, problem_code) record_key, problem_code, owner from problem "
        "where company_id = %s and is_open order by record_key, problem_code, problem_id desc"
    )
    schema: dict[str, type[pl.DataType]] = dict.fromkeys(("record_key", "problem_code", "owner"), pl.String)
    return copy_out(connection, query, (company_id,), schema)
