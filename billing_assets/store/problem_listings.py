"""Problems as people see them: lists that name the row, one problem that shows it.

Belongs here: read models of problems, newest first, limited, paged by key.
Does not belong here: writing, closing and assigning (``problems``), finding them (``frames``).

A list never holds a name, an address or an original row.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from billing_assets.domain.errors import BillingError


@dataclass(frozen=True, slots=True, kw_only=True)
class ProblemFilter:
    """Which problems; newest first, below ``before_id`` where that is given.

    ``recorded_until`` leaves out what was recorded later.
    """

    problem_code: str = ""
    owner: str = ""
    batch_id: int | None = None
    with_closed: bool = False
    recorded_until: datetime | None = None
    before_id: int | None = None
    limit: int = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class ProblemClosing:
    """How a problem was closed: by a person with a note, or by the import ``batch_id`` that answered it."""

    closed_at: datetime
    closed_by: str
    note: str
    batch_id: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProblemRow:
    """A problem in a list: where it is and what kind; of what the row says only what it speaks of.

    ``record_key`` is the policy number and the first day of the term, as far as the row names them.
    ``closing`` is None of an open problem, and of one that was closed before closings were kept.
    """

    problem_id: int
    problem_code: str
    file_name: str
    row_number: int | None
    record_key: str
    field_name: str
    owner: str
    is_open: bool
    recorded_at: datetime
    closing: ProblemClosing | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProblemDetail:
    """One problem with what the file says; it holds personal data."""

    problem: ProblemRow
    original_value: str
    original_row: str


_PROBLEMS = """
select p.*, coalesce(b.file_name, '') as file_name, c.closed_at, c.closed_by, c.note,
    c.batch_id as closing_batch_id
from problem p left join intake_batch b using (batch_id)
left join problem_closing c on c.problem_id = p.problem_id
where p.company_id = :company
"""


_CONDITIONS = {
    "problem_code": "and p.problem_code = :problem_code",
    "owner": "and p.owner = :owner",
    "batch_id": "and p.batch_id = :batch_id",
    "recorded_until": "and p.recorded_at <= :recorded_until",
    "before_id": "and p.problem_id < :before_id",
}


def list_problems(connection: Connection, company_id: int, wanted: ProblemFilter) -> list[ProblemRow]:
    """Return the newest problems that fit, at most ``wanted.limit``."""
    values: dict[str, Any] = {name: getattr(wanted, name) for name in _CONDITIONS if getattr(wanted, name)}
    conditions = " ".join(_CONDITIONS[name] for name in values)
    is_open = "" if wanted.with_closed else "and p.is_open"
    query = text(f"{_PROBLEMS} {is_open} {conditions} order by p.problem_id desc limit :limit")
    rows = connection.execute(query, {**values, "company": company_id, "limit": wanted.limit})
    return [_problem(row) for row in rows]


def count_problems(connection: Connection, company_id: int) -> dict[str, int]:
    """Return problem code -> open problems, most frequent first."""
    query = text(
        "select problem_code, count(*) from problem where company_id = :company and is_open "
        "group by problem_code order by count(*) desc, problem_code"
    )
    return {row[0]: row[1] for row in connection.execute(query, {"company": company_id})}


def show_problem(connection: Connection, company_id: int, problem_id: int) -> ProblemDetail:
    """Return one problem, open or closed, or raise ``problem_unknown``."""
    query = text(f"{_PROBLEMS} and p.problem_id = :problem")
    row = connection.execute(query, {"company": company_id, "problem": problem_id}).first()
    if row is None:
        raise problem_unknown(problem_id)
    return ProblemDetail(
        problem=_problem(row),
        original_value=row.original_value,
        original_row=row.original_row,
    )


def problem_unknown(problem_id: int) -> BillingError:
    """Return the error for a number that is no problem of the company."""
    return BillingError(
        "problem_unknown", f"there is no problem {problem_id}", "'billing problems list' shows what is open"
    )


def _problem(row: Any) -> ProblemRow:  # noqa: ANN401 - a row of SQLAlchemy
    return ProblemRow(
        problem_id=row.problem_id,
        problem_code=row.problem_code,
        file_name=row.file_name,
        row_number=row.row_number,
        record_key=row.record_key,
        field_name=row.field_name,
        owner=row.owner,
        is_open=row.is_open,
        recorded_at=row.recorded_at,
        closing=None if row.closed_at is None else _closing(row),
    )


def _closing(row: Any) -> ProblemClosing:  # noqa: ANN401 - a row of SQLAlchemy
    return ProblemClosing(
        closed_at=row.closed_at, closed_by=row.closed_by, note=row.note, batch_id=row.closing_batch_id
    )
