"""Problems in the store: bad rows, kept until a person or a corrected file has dealt with them.

Belongs here: writing, listing, assigning and closing problems. Does not belong here: finding them
(``frames``).
"""

from datetime import datetime

import polars as pl
from sqlalchemy import Connection, text

from billing_assets.store.copy import copy_in, copy_out

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

# What waits for a person's decision is not answered by a row.
_CLOSE_ANSWERED = """
with closed as (
    update problem set is_open = false where company_id = :company and is_open and batch_id < :batch
        and problem_code <> 'cover_ended_inside_billed_period' and record_key = any(:keys)
    returning problem_id, company_id
)
insert into problem_closing (problem_id, company_id, batch_id, note, closed_by, closed_at)
select c.problem_id, c.company_id, b.batch_id, '', '', b.imported_at
from closed c cross join intake_batch b where b.batch_id = :batch
"""

_LONGEST_VALUE = 1_000
_TEXTS = ("record_key", "field_name", "original_value", "original_row")


def write_problems(
    connection: Connection, company_id: int, batch_id: int, problems: pl.DataFrame, recorded_at: datetime
) -> int:
    """Append the problems of a batch and return how many; the owner of the same open problem goes over to it.

    ``problems`` has ``row_number``, ``record_key``, ``problem_code``, ``field_name``, ``original_value`` and
    ``original_row``. NUL, which PostgreSQL cannot keep, is shown as U+2400.
    """
    if problems.is_empty():
        return 0
    owners = _open_owners(connection, company_id)
    rows = problems.select(
        "row_number",
        "problem_code",
        *(pl.col(name).str.replace_all("\x00", "\u2400", literal=True) for name in _TEXTS),
        company_id=pl.lit(company_id),
        batch_id=pl.lit(batch_id),
        recorded_at=pl.lit(recorded_at.isoformat()),
    ).with_columns(pl.col("original_value").str.slice(0, _LONGEST_VALUE))
    owned = rows.join(owners, on=["record_key", "problem_code"], how="left", maintain_order="left")
    return copy_in(connection, "problem", owned.with_columns(pl.col("owner").fill_null(INTAKE_OWNER)))


def close_answered(connection: Connection, company_id: int, batch_id: int, answered_keys: pl.Series) -> int:
    """Close open problems of earlier batches that this batch answers, and return how many.

    It answers a problem by taking a row of that key (``answered_keys``), or by having a problem of its own
    there.
    """
    query = "select distinct record_key from problem where company_id = %s and is_open and batch_id < %s"
    schema: dict[str, type[pl.DataType]] = {"record_key": pl.String}
    waiting = copy_out(connection, query, (company_id, batch_id), schema)
    again = copy_out(connection, "select record_key from problem where batch_id = %s", (batch_id,), schema)
    keys = pl.concat([answered_keys.rename("record_key"), again["record_key"]]).unique()
    answered = waiting["record_key"].filter(waiting["record_key"].is_in(keys.implode())).to_list()
    if not answered:
        return 0
    return connection.execute(
        text(_CLOSE_ANSWERED), {"company": company_id, "batch": batch_id, "keys": answered}
    ).rowcount


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
    return connection.execute(text(_CLOSE), values).rowcount == 1


def assign_problem(connection: Connection, company_id: int, problem_id: int, owner: str) -> bool:
    """Give an open problem to ``owner``; return False where this company has no such open problem."""
    statement = text(
        "update problem set owner = :owner where company_id = :company and problem_id = :problem and is_open"
    )
    values = {"company": company_id, "problem": problem_id, "owner": owner}
    return connection.execute(statement, values).rowcount == 1


def _open_owners(connection: Connection, company_id: int) -> pl.DataFrame:
    query = (
        "select distinct on (record_key, problem_code) record_key, problem_code, owner from problem "
        "where company_id = %s and is_open order by record_key, problem_code, problem_id desc"
    )
    schema: dict[str, type[pl.DataType]] = dict.fromkeys(("record_key", "problem_code", "owner"), pl.String)
    return copy_out(connection, query, (company_id,), schema)
