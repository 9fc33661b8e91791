"""The frozen records that the store rebuilds are those that the frames hashed."""

import polars as pl
from sqlalchemy import Engine

from billing_assets.domain.book_mapping import BookMapping, FieldSource
from billing_assets.frames.policy_book import checked_rows
from billing_assets.frames.snapshots import HEAD, LINE, TAX, snapshot_hashes
from billing_assets.store.copy import copy_out
from billing_assets_tests.store.checks.conftest import planted

_HEADS = """
select i.invoice_id, i.document_kind, i.company_id, s.prefix || lpad(i.invoice_number::text, 8, '0'),
    i.issue_date, i.due_date, i.tax_point_date, i.currency, i.net_minor, i.tax_minor, i.total_minor,
    encode(y.content_sha256, 'hex'), encode(c.content_sha256, 'hex'), encode(t.content_sha256, 'hex'),
    encode(i.snapshot_sha256, 'hex')
from invoice i join number_series s using (number_series_id) join payer_version y using (payer_version_id)
join company_version c using (company_version_id) join template_version t using (template_version_id)
order by i.invoice_id
"""
_LINES = """
select l.invoice_id, l.line_number, encode(v.content_sha256, 'hex'), l.charge_kind, l.installment_number,
    l.installment_count, l.revision, l.period_from_date, l.period_to_date, l.net_minor, l.tax_minor
from invoice_line l join policy_term_version v using (policy_term_version_id) order by 1, 2
"""
_TAXES = """
select t.invoice_id, t.tax_number, r.tax_code, r.category_code, r.rate_ppm, t.base_minor, t.tax_minor
from invoice_tax t join tax_rule r using (tax_rule_id) order by 1, 2
"""
_TERMS = """
select policy_number, payer_key, product_code, line_of_business, place_code, currency, plan_code,
    v.effective_date::text, expiration_date::text, anchor_date::text,
    premium_minor / 100 || '.' || lpad((premium_minor % 100)::text, 2, '0'), encode(content_sha256, 'hex')
from policy_term_version v join policy using (policy_id) join payer using (payer_id) order by 1
"""
_FIELDS = (
    "policy_number",
    "payer_key",
    "product_code",
    "line_of_business",
    "place_code",
    "currency",
    "plan_code",
    "effective_date",
    "expiration_date",
    "anchor_date",
    "premium",
)


def _schema(*names: str) -> dict[str, type[pl.DataType]]:
    return {
        name: pl.Date
        if name.endswith("_date")
        else pl.Int64
        if name.endswith(
            ("_id", "_minor", "_ppm", "_count", "revision", "line_number", "tax_number", "ment_number")
        )
        and name != "document_number"
        else pl.String
        for name in names
    }


def test_snapshots_of_the_store_hash_as_the_frames_hash_them(superuser: Engine) -> None:
    with planted(superuser) as connection:
        key = "invoice_id"
        heads = copy_out(connection, _HEADS, (), _schema(key, *HEAD, "snapshot_sha256")).rename(
            {key: "draft_index"}
        )
        lines = copy_out(connection, _LINES, (), _schema(key, *LINE)).rename({key: "draft_index"})
        taxes = copy_out(connection, _TAXES, (), _schema(key, *TAX)).rename({key: "draft_index"})
    assert heads.height > 0
    assert snapshot_hashes(heads, lines, taxes).to_list() == heads["snapshot_sha256"].to_list()


def test_contents_of_terms_hash_as_intake_hashes_them(superuser: Engine) -> None:
    with planted(superuser) as connection:
        stored = copy_out(connection, _TERMS, (), dict.fromkeys((*_FIELDS, "content_sha256"), pl.String))
    raw = stored.select(*_FIELDS, payer_name=pl.lit("Ana"), original_row=pl.lit("")).with_row_index(
        "row_number", 1
    )
    mapping = BookMapping(fields={name: FieldSource(columns=(name,)) for name in (*_FIELDS, "payer_name")})
    plans = stored["plan_code"].unique().to_list()
    rows = checked_rows(
        raw.with_columns(row_fault=pl.lit(None, pl.String)), mapping, plans, cut_over_date=None
    )
    assert rows["problem_code"].null_count() == rows.height
    assert rows["content_sha256"].to_list() == stored["content_sha256"].to_list()
