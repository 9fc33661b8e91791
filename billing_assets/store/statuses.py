"""Telling statuses in the store: what waits, the numbers of events, and where each invoice stands.

Belongs here: the store's side of ``steps.tell_statuses``. Does not belong here: kinds and amounts
(``frames.statuses``), what leaves word that something waits (triggers, ``migrations``), reading events
(``status_listings``).

Whoever tells locks the company's row of ``status_book`` until the transaction ends. So events become visible
in the order of their numbers, and two programs that tell at once take turns, part by part.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date

import polars as pl
from sqlalchemy import Connection, text

from billing_assets.steps.run_ports import Clock
from billing_assets.store.connection import Database
from billing_assets.store.copy import copy_in, copy_out

PART_FACTS = 50_000
"""So many facts are told in one transaction, or one source of more; memory stays that of one part."""

_OVERDUE = """status_account a where a.company_id = {company} and a.open_minor > 0 and not a.is_past_due
    and a.due_date < {today}"""
_HAS_NEWS = f"""
select exists (select from status_source where company_id = :company)
    or exists (select from {_OVERDUE.format(company=":company", today=":today")})
"""  # noqa: S608 - constants
_LOCK = "select last_number from status_book where company_id = :company for update"
_BOOK = "insert into status_book (company_id, last_number) values (:company, 0) on conflict do nothing"
_SOURCES = """
select status_source_id, cardinality(fact_ids) as fact_count from status_source
where company_id = :company order by status_source_id limit :limit
"""
_POLICIES = """array(select distinct p.policy_number from invoice_line l
        join policy_term t on t.policy_term_id = l.policy_term_id join policy p on p.policy_id = t.policy_id
        where l.invoice_id = {invoice} order by 1)::text"""
# A fact that is named twice, because its month went and came back say, is told once.
_FACTS = f"""
with fact as materialized (
    select distinct on (s.fact_kind, f.fact_id, s.fact_state, s.fact_turn)
        s.status_source_id as source_number, s.fact_kind, f.fact_id, s.fact_state, s.fact_turn,
        s.reason_code, s.changed_at
    from status_source s cross join lateral unnest(s.fact_ids) as f (fact_id)
    where s.status_source_id = any(%(sources)s)
    order by s.fact_kind, f.fact_id, s.fact_state, s.fact_turn, s.status_source_id
), found as (
    select f.source_number, f.fact_kind, f.fact_id, 0 as fact_turn,
        case i.document_kind when 'credit_note' then 'credited' else 'issued' end as fact_state,
        i.invoice_id as document_id, coalesce(i.credited_invoice_id, i.invoice_id) as invoice_id,
        case i.document_kind when 'credit_note' then -1 else 1 end * (i.total_minor + i.cash_rounding_minor)
            as change_minor,
        i.issue_date as occurred_date, '' as channel, '' as reason_code
    from fact f join invoice i on i.invoice_id = f.fact_id where f.fact_kind = 'document'
    union all
    select f.source_number, f.fact_kind, f.fact_id, 0, a.allocation_kind, a.invoice_id, a.invoice_id,
        -a.amount_minor, a.as_of_date, '', a.reason_code
    from fact f join allocation a on a.allocation_id = f.fact_id where f.fact_kind = 'allocation'
    union all
    select f.source_number, f.fact_kind, f.fact_id, f.fact_turn, f.fact_state, i.invoice_id,
        coalesce(i.credited_invoice_id, i.invoice_id), 0, cast(f.changed_at at time zone %(zone)s as date),
        v.channel, f.reason_code
    from fact f join delivery v on v.delivery_id = f.fact_id join document d using (document_id)
    join invoice i using (invoice_id) where f.fact_kind = 'delivery'
)
select m.source_number, m.fact_kind, m.fact_id, m.fact_turn, m.fact_state, m.invoice_id,
    coalesce(a.invoice_number, document_number(s.prefix, i.invoice_number)),
    coalesce(a.policy_numbers::text, {_POLICIES.format(invoice="m.invoice_id")}),
    case when m.document_id = m.invoice_id then '' else (select document_number(z.prefix, n.invoice_number)
        from invoice n join number_series z using (number_series_id) where n.invoice_id = m.document_id) end,
    coalesce(a.currency, i.currency), coalesce(a.total_minor, i.total_minor + i.cash_rounding_minor),
    m.change_minor, coalesce(a.due_date, i.due_date), m.occurred_date, m.channel, m.reason_code,
    a.open_minor, a.is_past_due::text
from found m
left join status_account a on a.invoice_id = m.invoice_id
left join invoice i on i.invoice_id = m.invoice_id
left join number_series s on s.number_series_id = i.number_series_id
where not exists (select from status_event e where e.fact_kind = m.fact_kind and e.fact_id = m.fact_id
    and e.fact_turn = m.fact_turn and (m.fact_kind <> 'delivery'
        or e.event_kind = case m.fact_state when 'sent' then 'delivered' else 'undeliverable' end))
"""  # noqa: S608 - constants
_FACT_SCHEMA: Mapping[str, type[pl.DataType]] = {
    "source_number": pl.Int64,
    "fact_kind": pl.String,
    "fact_id": pl.Int64,
    "fact_turn": pl.Int64,
    "fact_state": pl.String,
    "invoice_id": pl.Int64,
    "invoice_number": pl.String,
    "policy_numbers": pl.String,
    "related_number": pl.String,
    "currency": pl.String,
    "total_minor": pl.Int64,
    "change_minor": pl.Int64,
    "due_date": pl.Date,
    "occurred_date": pl.Date,
    "channel": pl.String,
    "reason_code": pl.String,
    "told_open_minor": pl.Int64,
    "is_past_due": pl.Boolean,
}
_ACCOUNTS = f"""
select a.invoice_id, a.invoice_number, a.policy_numbers::text, a.currency, a.total_minor, a.open_minor,
    a.due_date, a.past_due_count, %(today)s::date
from {_OVERDUE.format(company="%(company)s", today="%(today)s")}
order by a.due_date, a.invoice_id limit %(limit)s
"""  # noqa: S608 - constants
_ACCOUNT_SCHEMA: Mapping[str, type[pl.DataType]] = {
    "invoice_id": pl.Int64,
    "invoice_number": pl.String,
    "policy_numbers": pl.String,
    "currency": pl.String,
    "total_minor": pl.Int64,
    "told_open_minor": pl.Int64,
    "due_date": pl.Date,
    "past_due_count": pl.Int64,
    "occurred_date": pl.Date,
}
_STAGE = "create temporary table told_account (like status_account) on commit drop"
_MOVE_ACCOUNTS = """
update status_account a set open_minor = t.open_minor, is_past_due = t.is_past_due
from told_account t where a.invoice_id = t.invoice_id
"""
_ADD_ACCOUNTS = """
insert into status_account select t.* from told_account t
where not exists (select from status_account a where a.invoice_id = t.invoice_id)
"""
_ARE_PAST_DUE = """
update status_account set is_past_due = true, past_due_count = past_due_count + 1
where invoice_id = any(:invoices)
"""


def open_book(connection: Connection, company_id: int) -> None:
    """Let a company have its row of the book, from which numbers of events are drawn."""
    connection.execute(text(_BOOK), {"company": company_id})


class SqlStatusStore:
    """What is told of one company; the implementation of ``steps.status_ports.StatusStore``."""

    def __init__(
        self,
        database: Database,
        company_id: int,
        time_zone: str,
        clock: Clock,
        *,
        part_facts: int = PART_FACTS,
    ) -> None:
        """Use ``database``, ``clock`` for instants that events keep, the company's zone for their days."""
        self.database, self.company_id, self.time_zone = database, company_id, time_zone
        self.clock, self.part_facts = clock, part_facts

    def has_news(self, today: date) -> bool:
        """Tell whether something waits or is past due; two looks into indexes."""
        values = {"company": self.company_id, "today": today}
        with self.database.transaction() as connection:
            return bool(connection.execute(text(_HAS_NEWS), values).scalar_one())

    @contextmanager
    def telling(self) -> Iterator["SqlStatusWork"]:
        """Yield the work of one transaction, which has the company's row of the book."""
        with self.database.transaction() as connection:
            open_book(connection, self.company_id)
            last_number = connection.execute(text(_LOCK), {"company": self.company_id}).scalar_one()
            yield SqlStatusWork(connection, self, last_number)


class SqlStatusWork:
    """A transaction that tells."""

    def __init__(self, connection: Connection, store: SqlStatusStore, last_number: int) -> None:
        """Write for ``store`` on a connection whose transaction the caller commits."""
        self.connection, self.company_id, self.time_zone = connection, store.company_id, store.time_zone
        self.part_facts, self.told_at, self.last_number = store.part_facts, store.clock(), last_number

    def facts(self) -> pl.DataFrame:
        """Return the facts of the sources that waited longest, and use these sources up."""
        values = {"company": self.company_id, "limit": self.part_facts}
        taken: list[int] = []
        count = 0
        for source_id, fact_count in self.connection.execute(text(_SOURCES), values):
            if taken and count + fact_count > self.part_facts:
                break
            taken.append(source_id)
            count += fact_count
        facts = copy_out(self.connection, _FACTS, {"sources": taken, "zone": self.time_zone}, _FACT_SCHEMA)
        used = text("delete from status_source where status_source_id = any(:sources)")
        self.connection.execute(used, {"sources": taken})
        return facts

    def has_more(self) -> bool:
        """Tell whether more sources wait."""
        query = text("select exists (select from status_source where company_id = :company)")
        return bool(self.connection.execute(query, {"company": self.company_id}).scalar_one())

    def overdue(self, today: date) -> pl.DataFrame:
        """Return accounts that fell due before ``today``, the oldest first, at most one part of them."""
        values = {"company": self.company_id, "today": today, "limit": self.part_facts}
        return copy_out(self.connection, _ACCOUNTS, values, _ACCOUNT_SCHEMA)

    def tell(self, events: pl.DataFrame, accounts: pl.DataFrame) -> None:
        """Number and keep events, with where their invoices stand."""
        self._keep(events)
        self.connection.execute(text(_STAGE))
        company = pl.lit(self.company_id).alias("company_id")
        copy_in(self.connection, "told_account", accounts.with_columns(company, past_due_count=pl.lit(0)))
        for statement in (_MOVE_ACCOUNTS, _ADD_ACCOUNTS):
            self.connection.execute(text(statement))
        self.connection.execute(text("drop table told_account"))

    def tell_past_due(self, events: pl.DataFrame) -> None:
        """Number and keep events of invoices that are past due."""
        self._keep(events)
        self.connection.execute(text(_ARE_PAST_DUE), {"invoices": events["invoice_id"].to_list()})

    def _keep(self, events: pl.DataFrame) -> None:
        first, self.last_number = self.last_number + 1, self.last_number + events.height
        numbered = events.with_columns(
            pl.lit(self.company_id).alias("company_id"),
            pl.int_range(first, self.last_number + 1, dtype=pl.Int64).alias("event_number"),
            pl.lit(self.told_at.isoformat()).alias("told_at"),
        )
        copy_in(self.connection, "status_event", numbered)
        self.connection.execute(
            text("update status_book set last_number = :last where company_id = :company"),
            {"company": self.company_id, "last": self.last_number},
        )
