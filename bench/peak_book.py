"""The book of the peak night, the tables that a night writes, and the sums by which contenders are compared.

Belongs here: what every contender of ``bench_peak`` shares. Does not belong here: a contender.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bench.servers import rows_of
from billing_assets.domain.invoices import DocumentKind
from billing_assets.store.connection import Database
from billing_assets.wiring.build import Billing
from billing_assets_tests.books import billing_over, fill_book

BILLING_DATE = date(2024, 2, 1)
PLACES = (("ES", "EUR"), ("DE", "EUR"), ("NL", "EUR"), ("GB", "GBP"), ("JP", "JPY"), ("KW", "KWD"))
PLANS = ("monthly", "quarterly", "half_yearly", "yearly")
WORKERS = 2
"""So many processes, connections or sessions has every contender but the loop."""

_OF_RANGE = """invoice_id in (select invoice_id from due_charge
    where run_id = 1 and policy_term_id >= {low} and policy_term_id < {high})"""

_ENTRY_OF_RANGE = f"ledger_entry_id in (select invoice_id from invoice where {_OF_RANGE})"

WRITTEN = (
    ("due_charge", "run_id = 1 and policy_term_id >= {low} and policy_term_id < {high}"),
    ("invoice_line", _OF_RANGE),
    ("invoice_tax", _OF_RANGE),
    ("ledger_posting", _ENTRY_OF_RANGE),
    ("invoice", _OF_RANGE),
    ("ledger_entry", _ENTRY_OF_RANGE),
)
"""The tables that a run writes row by row, in the order in which it does, each with its rows of a range."""


def peak_book(count: int) -> Callable[[Database], None]:
    """Return what fills a store with the book; every contender finds the templates registered."""

    def fill(database: Database) -> None:
        fill_book(database, count, places=PLACES, plans=PLANS)
        with peak_billing(database) as billing:
            for kind in (DocumentKind.INVOICE, DocumentKind.CREDIT_NOTE):
                billing.template_choice(kind, BILLING_DATE)

    return fill


@contextmanager
def peak_billing(database: Database) -> Iterator[Billing]:
    """Yield the program over a database, with its files in a folder of its own."""
    with ExitStack() as stack:
        home = Path(stack.enter_context(TemporaryDirectory(prefix="billing-peak-")))
        yield billing_over(database, home, stack, run_workers=WORKERS)


# Each row of business becomes a text, each text a hash, and the hashes in their order one hash. Ids that a
# sequence has given out are left out: which of two sessions asks first is chance.
_SUMS = """
with charge as materialized (
    select policy_term_id, installment_number, invoice_id, concat_ws('|', policy_term_version_id, payer_id,
        charge_kind, outcome, reason_code, billing_date, due_date, period_from_date, period_to_date,
        currency, net_minor) as words
    from due_charge where policy_term_id <= :last
), line as (
    select invoice_id, string_agg(concat_ws('|', line_number, policy_term_id, policy_term_version_id,
        payer_id, charge_kind, installment_number, installment_count, period_from_date, period_to_date,
        net_minor, tax_minor, payment_plan_id), ';' order by line_number) as words
    from invoice_line where policy_term_id <= :last group by invoice_id
), tax as (
    select invoice_id, string_agg(concat_ws('|', tax_number, tax_rule_id, base_minor, tax_minor), ';'
        order by tax_number) as words
    from invoice_tax group by invoice_id
), entry as (
    select e.ledger_entry_id as invoice_id, concat_ws('|', e.entry_kind, e.posting_date, string_agg(
        concat_ws('|', p.account_number, p.posting_number, p.currency, p.amount_minor), ';'
        order by p.account_number, p.posting_number)) as words
    from ledger_entry e join ledger_posting p using (ledger_entry_id) group by 1, e.entry_kind, e.posting_date
), business as (
    select c.policy_term_id, c.installment_number, sha256(convert_to(concat_ws(chr(10), c.words,
        l.words, t.words, e.words, concat_ws('|', i.invoice_number, i.document_kind, i.issue_date, i.due_date,
            i.tax_point_date, i.currency, i.net_minor, i.tax_minor, i.total_minor, i.payer_id,
            i.payer_version_id, i.company_version_id, i.template_version_id, i.record_format,
            encode(i.snapshot_sha256, 'hex'))), 'UTF8')) as hash
    from charge c left join invoice i using (invoice_id) left join line l using (invoice_id)
        left join tax t using (invoice_id)
        left join entry e using (invoice_id)
)
select count(*) as row_count, encode(sha256(string_agg(hash, '' order by policy_term_id,
    installment_number)), 'hex') as sha256
from business
"""
_MONEY = """
select i.currency, count(*) as invoices, sum(i.net_minor)::bigint as net_minor,
    sum(i.tax_minor)::bigint as tax_minor, sum(i.total_minor)::bigint as total_minor
from invoice i join invoice_line l using (invoice_id)
where l.policy_term_id <= :last and l.line_number = 1 group by i.currency order by i.currency
"""
_SIZES = """
select t.relname as name, pg_table_size(t.oid)::bigint as table_bytes, i.relname as index_name,
    pg_relation_size(i.oid)::bigint as index_bytes
from pg_class t join pg_namespace n on n.oid = t.relnamespace and n.nspname = 'billing'
join pg_index x on x.indrelid = t.oid join pg_class i on i.oid = x.indexrelid
where t.relname = any(:names) order by 1, 3
"""


def checksums(url: str, last: int = 2**62) -> dict[str, Any]:
    """Return count, sums and hash of what stands in a store of the terms up to ``last``, without ids."""
    values = {"last": last}
    [business] = rows_of(url, _SUMS, values)
    money = {row.pop("currency"): row for row in rows_of(url, _MONEY, values)}
    return {**business, "money": money}


def disk(url: str, count: int) -> dict[str, Any]:
    """Return bytes an invoice: in all, and of each table and index that a run writes."""
    rows = rows_of(url, _SIZES, {"names": [name for name, _ in WRITTEN]})
    sizes = {row["name"]: row["table_bytes"] for row in rows}
    sizes |= {row["index_name"]: row["index_bytes"] for row in rows}
    each = {name: size / count for name, size in sizes.items() if size / count >= 0.05}
    return {"bytes_an_invoice": sum(sizes.values()) / count, "where": each}
