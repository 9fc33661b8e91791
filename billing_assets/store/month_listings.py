"""Months as people see them: what was billed in each, whether it is detached, and what keeps it attached.

Belongs here: one read model. Does not belong here: detaching (``detached_months``).

Months that are not long enough ago are not looked at term by term: one condition keeps all of them.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, text

from billing_assets.domain.detached_months import MonthTotal, Obstacle, record_from
from billing_assets.store.detached_months import read_obstacles
from billing_assets.store.month_rows import TABLES


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthRow:
    """A billing month; credit notes count to the month of their invoice.

    ``byte_count`` is that of the files where the month is away, else about what its rows take in the store.
    ``detached_at`` and ``content_sha256`` are empty where it is attached, ``obstacles`` where it could go.
    """

    month: date
    totals: tuple[MonthTotal, ...]
    byte_count: int
    detached_at: datetime | None = None
    content_sha256: str = ""
    obstacles: tuple[Obstacle, ...] = ()

    @property
    def document_count(self) -> int:
        """How many invoices and credit notes there are."""
        return sum(total.document_count for total in self.totals)


_HERE = """
select cast(date_trunc('month', r.billing_date) as date), i.document_kind, i.currency, sum(i.document_count),
    sum(i.net_minor)::text, sum(i.tax_minor)::text, sum(i.total_minor)::text
from (
    select run_id, document_kind, currency, count(*) as document_count, sum(net_minor) as net_minor,
        sum(tax_minor) as tax_minor, sum(total_minor) as total_minor
    from invoice where company_id = :company and credited_invoice_id is null group by 1, 2, 3
    union all
    select o.run_id, n.document_kind, n.currency, count(*), sum(n.net_minor), sum(n.tax_minor),
        sum(n.total_minor)
    from invoice n join invoice o on o.invoice_id = n.credited_invoice_id
    where n.company_id = :company and n.credited_invoice_id is not null group by 1, 2, 3
) i join billing_run r using (run_id)
group by 1, 2, 3 order by 1, 2, 3
"""
_AWAY = """
select month, detached_at, content, encode(content_sha256, 'hex') as content_sha256 from detached_month
where company_id = :company and attached_at is null
"""
_BYTES = """
select sum(pg_total_relation_size(cast(name as regclass))) / greatest((select count(*) from invoice), 1)
from unnest(cast(:tables as text[])) as t (name)
"""


def list_months(connection: Connection, company_id: int, bound_months: int) -> list[MonthRow]:
    """Return the months in which a company billed something, oldest first."""
    company = {"company": company_id}
    here: dict[date, list[MonthTotal]] = defaultdict(list)
    for month, kind, currency, count, *amounts in connection.execute(text(_HERE), company):
        here[month].append(_total(kind, currency, count, amounts))
    each = connection.execute(text(_BYTES), {"tables": list(TABLES)}).scalar_one()
    rows = [_away_row(*row) for row in connection.execute(text(_AWAY), company)]
    is_recent: tuple[Obstacle, ...] = ()
    for month in sorted(here):
        # What is too recent once is so for every later month.
        found = is_recent or tuple(read_obstacles(connection, company_id, month, bound_months))
        is_recent = is_recent or tuple(one for one in found if one.obstacle_code == "month_recent")
        rows.append(
            MonthRow(
                month=month,
                totals=tuple(here[month]),
                byte_count=int(each * sum(total.document_count for total in here[month])),
                obstacles=found,
            )
        )
    return sorted(rows, key=lambda row: row.month)


def _total(kind: str, currency: str, count: int, amounts: Sequence[str]) -> MonthTotal:
    net, tax, total = map(int, amounts)
    return MonthTotal(
        document_kind=kind,
        currency=currency,
        document_count=int(count),
        net_minor=net,
        tax_minor=tax,
        total_minor=total,
    )


def _away_row(month: date, detached_at: datetime, content: str, content_sha256: str) -> MonthRow:
    record = record_from(content)
    return MonthRow(
        month=month,
        totals=record.totals,
        byte_count=record.byte_count,
        detached_at=detached_at,
        content_sha256=content_sha256,
    )
