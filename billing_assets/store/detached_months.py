"""Detaching months and attaching them again, each in one transaction.

Belongs here: the store's side of ``steps.month_ports``. Does not belong here: the conditions, the sums that
are kept and the removal itself, which are functions of the owner's (``migrations``); the form of rows
(``month_rows``).

Whoever detaches or attaches holds the company's rights to bill and to send, so that nothing is issued or sent
meanwhile. What else may change a row of the month, a document that somebody looks at, ends the transaction.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import date, datetime

import polars as pl
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from billing_assets.domain.audit_acts import Act, AuditAct, Subject
from billing_assets.domain.checks import CheckResult
from billing_assets.domain.detached_months import (
    MonthFile,
    MonthRecord,
    MonthTable,
    MonthTotal,
    Obstacle,
    month_name,
    month_not_closed,
)
from billing_assets.domain.errors import BillingError
from billing_assets.steps.month_ports import DetachOrder, KeptMonth
from billing_assets.steps.run_ports import Clock, Progress
from billing_assets.store.audit_log import record_act
from billing_assets.store.checks import run_checks
from billing_assets.store.companies import read_issuer
from billing_assets.store.connection import Database
from billing_assets.store.locks import LockSpace, hold_lock
from billing_assets.store.month_rows import (
    TABLES,
    column_types,
    place_documents,
    put_rows,
    read_back,
    read_parts,
)
from billing_assets.store.statistics import refresh_statistics

_KEPT = """
select m.detached_month_id, encode(m.content_sha256, 'hex') as content_sha256,
    m.attached_at is null as is_away
from detached_month m join company c using (company_id)
where c.company_code = :company and m.month = :month order by m.detached_month_id desc
"""
_RUNS = """
select run_id from billing_run
where company_id = :company and billing_date >= :month and billing_date < :month + interval '1 month'
"""
_OBSTACLES = "select * from month_obstacles(cast(:company as smallint), :month, :bound)"
_TOTALS = """
select i.document_kind, i.currency, count(*), sum(i.net_minor)::text, sum(i.tax_minor)::text,
    sum(i.total_minor)::text
from month_place join invoice i using (invoice_id)
group by i.document_kind, i.currency order by i.document_kind, i.currency
"""
_DETACH = "select detach_month(cast(:company as smallint), :month, :bound, :content, :at)"
_ATTACH = "select attach_month(:id, :at)"
_ATTACHED = """
select month, encode(content_sha256, 'hex') from detached_month where detached_month_id = :id
"""
_MOVED_STATES = frozenset({"40001", "23503"})
"""A row was changed, or one was added that refers to a row of the month."""


class SqlMonthStore:
    """Months in PostgreSQL; the implementation of ``steps.month_ports.MonthStore``."""

    def __init__(self, database: Database, clock: Clock) -> None:
        """Use ``database``, and ``clock`` for the instants that are kept."""
        self.database = database
        self.clock = clock

    def kept_months(self, company_code: str, month: date) -> Sequence[KeptMonth]:
        """Return every detaching of a month, the newest first."""
        with self.database.transaction() as connection:
            rows = connection.execute(text(_KEPT), {"company": company_code, "month": month})
            return [KeptMonth(**row) for row in rows.mappings()]

    @contextmanager
    def detaching(self, order: DetachOrder, progress: Progress) -> Iterator["DetachTransaction"]:
        """Open the transaction that detaches; its snapshot holds still to the end."""
        with self._holding(order.company_code, progress) as company_id:
            with self.database.transaction() as connection:
                refresh_statistics(connection)
            with self.database.session() as session:
                connection = session.execution_options(isolation_level="REPEATABLE READ")
                with _told(order.month), connection.begin():
                    yield DetachTransaction(connection, company_id, order, self.clock)

    @contextmanager
    def attaching(
        self, company_code: str, detached_month_id: int, progress: Progress
    ) -> Iterator["AttachTransaction"]:
        """Open the transaction that attaches, its terms marked as here before the rows come."""
        values = {"id": detached_month_id, "at": self.clock()}
        with self._holding(company_code, progress) as company_id, self.database.transaction() as connection:
            connection.execute(text(_ATTACH), values)
            yield AttachTransaction(connection)
            month, content_sha256 = connection.execute(text(_ATTACHED), values).one()
            _record(connection, Act.ATTACH_MONTH, company_id, month, content_sha256, self.clock())

    @contextmanager
    def _holding(self, company_code: str, progress: Progress) -> Iterator[int]:
        """Hold the company's rights to bill and to send for the block; yield its id."""
        with self.database.transaction() as connection:
            company_id = read_issuer(connection, company_code).company_id
        with ExitStack() as stack:
            for space, waits_for in (
                (LockSpace.RUNS, "waiting for a run of this company"),
                (LockSpace.DELIVERIES, "waiting for another delivery of this company"),
            ):
                stack.enter_context(hold_lock(self.database, space, company_id, waits_for, progress))
            yield company_id


class DetachTransaction:
    """The transaction of a month that goes; the implementation of ``steps.month_ports.DetachWork``."""

    def __init__(self, connection: Connection, company_id: int, order: DetachOrder, clock: Clock) -> None:
        """Find the documents of the month, or raise ``month_not_closed``."""
        self.connection = connection
        self.order = order
        self.clock = clock
        self._company_id = company_id
        self._of_month: dict[str, object] = {"company": company_id, "month": order.month}
        obstacles = read_obstacles(connection, company_id, order.month, order.bound_months)
        if obstacles:
            raise month_not_closed(order.month, obstacles, order.bound_months)
        self._document_count = place_documents(connection, company_id, order.month)

    def checks(self, progress: Progress) -> Sequence[CheckResult]:
        """Return what the checks find in the runs of the month, but for what merely stands in the outbox."""
        run_ids = list(self.connection.execute(text(_RUNS), self._of_month).scalars())
        return run_checks(
            self.connection,
            at=self.clock(),
            company_id=self._company_id,
            run_ids=run_ids,
            tell=lambda done, total: progress("checking", done, total),
        )

    def tables(self) -> Sequence[str]:
        """Return the tables whose rows go."""
        return TABLES

    def parts(self, table_name: str) -> Iterator[pl.DataFrame]:
        """Yield the rows of a table by parts."""
        return read_parts(self.connection, table_name, self._document_count)

    def read_back(
        self, table_name: str, files: Sequence[MonthFile], parts: Iterable[pl.DataFrame]
    ) -> MonthTable:
        """Put the rows into a table of the same form, and return what it holds."""
        columns = list(column_types(self.connection, table_name))
        found = read_back(self.connection, table_name, columns, parts)
        return MonthTable(
            table_name=table_name,
            columns=tuple(columns),
            row_count=found.row_count,
            rows_sha256=found.rows_sha256,
            files=tuple(files),
        )

    def totals(self) -> tuple[MonthTotal, ...]:
        """Return what the documents of the month add up to."""
        return tuple(
            MonthTotal(
                document_kind=kind,
                currency=currency,
                document_count=count,
                net_minor=int(net),
                tax_minor=int(tax),
                total_minor=int(total),
            )
            for kind, currency, count, net, tax, total in self.connection.execute(text(_TOTALS))
        )

    def detach(self, record: MonthRecord) -> None:
        """Let the rows go; the owner's function asks everything again."""
        at, month = self.clock(), self.order.month
        values = {"bound": self.order.bound_months, "content": record.content, "at": at}
        self.connection.execute(text(_DETACH), {**self._of_month, **values})
        content_sha256 = record.content_sha256
        _record(self.connection, Act.DETACH_MONTH, self._company_id, month, content_sha256, at)


class AttachTransaction:
    """The transaction of a month that comes back; the implementation of ``steps.month_ports.AttachWork``."""

    def __init__(self, connection: Connection) -> None:
        """Work on a connection whose transaction the caller commits."""
        self.connection = connection

    def load(self, table_name: str, rows: pl.DataFrame) -> None:
        """Add rows to a table."""
        put_rows(self.connection, table_name, rows)

    def prove(self) -> None:
        """Let the store prove now what it would prove at the end."""
        try:
            self.connection.execute(text("set constraints prove_attached immediate"))
        except IntegrityError as error:
            raise BillingError(
                "month_differs",
                "the rows of the files are not those that were detached; nothing was attached",
                "the files and the manifest hash as they should: keep both, and compare the store's upgrade "
                "since then",
            ) from error


def _record(
    connection: Connection, act: Act, company_id: int, month: date, content_sha256: str, at: datetime
) -> None:
    """Keep in the audit log who has moved the month."""
    entry = AuditAct(
        act=act,
        subject=Subject.MONTH,
        subject_id=month_name(month),
        company_id=company_id,
        after={"content_sha256": content_sha256},
    )
    record_act(connection, entry, at)


def read_obstacles(connection: Connection, company_id: int, month: date, bound_months: int) -> list[Obstacle]:
    """Return what keeps a month attached, nothing where it can be detached."""
    values = {"company": company_id, "month": month, "bound": bound_months}
    return [Obstacle(**row) for row in connection.execute(text(_OBSTACLES), values).mappings()]


@contextmanager
def _told(month: date) -> Iterator[None]:
    """Raise what moved a row of the month meanwhile as an error that says what to do."""
    try:
        yield
    except DBAPIError as error:
        constraint_name = getattr(getattr(error.orig, "diag", None), "constraint_name", None)
        is_moved = getattr(error.orig, "sqlstate", "") in _MOVED_STATES
        if is_moved or constraint_name == "month_as_written":
            raise BillingError(
                "month_moved",
                f"rows of {month_name(month)} are not those that were written: something changed them since",
                "run the same command again; if it says the same, name another folder",
            ) from error
        raise
