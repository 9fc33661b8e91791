"""What finished runs left behind: their reports, and the book they read.

Belongs here: reading for people and for metadata. Does not belong here: the run itself (``runs``).
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, text


@dataclass(frozen=True, slots=True, kw_only=True)
class BookStamp:
    """Which policy book a company has: its last batch, the hash of that file, and what stands in it.

    ``batch_id`` is 0, ``file_sha256`` empty and ``imported_at`` None before the first import;
    ``premium_totals`` holds (currency, terms, premium in minor units) of the current versions.
    """

    batch_id: int
    file_sha256: str
    imported_at: datetime | None
    problem_count: int
    policy_count: int
    premium_totals: Sequence[tuple[str, int, int]]

    @property
    def version(self) -> str:
        """The batch and its file, short.

        >>> BookStamp(
        ...     batch_id=7,
        ...     file_sha256="ab" * 32,
        ...     imported_at=None,
        ...     problem_count=0,
        ...     policy_count=1,
        ...     premium_totals=(),
        ... ).version
        '7-abababababab'
        """
        return f"{self.batch_id}-{self.file_sha256[:12]}"


_BATCH = """
select batch_id, encode(file_sha256, 'hex'), imported_at, problem_count
from intake_batch join company using (company_id)
where company_code = :company order by batch_id desc limit 1
"""
_TERMS = """
select v.currency, count(*), sum(v.premium_minor)::text
from policy_term_version v join company using (company_id)
where company_code = :company and v.superseded_batch_id is null
group by v.currency order by v.currency
"""
_POLICIES = "select count(*) from policy join company using (company_id) where company_code = :company"
_REPORTS = """
select report, content, encode(content_sha256, 'hex') as content_sha256
from billing_run join company using (company_id) left join run_certificate using (run_id)
where company_code = :company and billing_date = :day and state = 'finalised' and run_kind = 'billing'
order by sequence_number
"""


def read_book_stamp(connection: Connection, company_code: str) -> BookStamp:
    """Return which policy book the company has now."""
    company = {"company": company_code}
    batch = connection.execute(text(_BATCH), company).first()
    batch_id, file_sha256, imported_at, problem_count = batch if batch is not None else (0, "", None, 0)
    return BookStamp(
        batch_id=batch_id,
        file_sha256=file_sha256,
        imported_at=imported_at,
        problem_count=problem_count,
        policy_count=connection.execute(text(_POLICIES), company).scalar_one(),
        premium_totals=tuple(
            (currency, count, int(premium))
            for currency, count, premium in connection.execute(text(_TERMS), company)
        ),
    )


def read_run_reports(
    connection: Connection, company_code: str, billing_date: date
) -> tuple[dict[str, Any], ...]:
    """Return the reports of a date's finalised billing runs, first run first; see ``reports.run_report``.

    Beside each stands its ``certificate`` (``domain.certificates``) with the ``certificate_sha256``; a run
    that began before there were any has none.
    """
    rows = connection.execute(text(_REPORTS), {"company": company_code, "day": billing_date})
    return tuple(
        row.report
        if row.content is None
        else {
            **row.report,
            "certificate": json.loads(row.content),
            "certificate_sha256": row.content_sha256,
        }
        for row in rows
    )


_ISSUE_DATES = "select min(issue_date), max(issue_date) from invoice where run_id = :run"


def read_issue_dates(connection: Connection, run_id: int) -> tuple[date, date] | None:
    """Return the first and the last date that stand on the invoices of a run; None where it has none."""
    first, last = connection.execute(text(_ISSUE_DATES), {"run": run_id}).one()
    return None if first is None else (first, last)
