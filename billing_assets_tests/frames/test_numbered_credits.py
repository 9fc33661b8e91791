"""A numbered credit note says what it credits and why, and its hash covers both."""

from datetime import date
from typing import Any

import polars as pl

from billing_assets.frames.columns import CREDITABLE_LINE_SCHEMA
from billing_assets.frames.credits import draft_credits
from billing_assets.frames.invoices import Drafts
from billing_assets.frames.numbered import Heading
from billing_assets.frames.numbered_credits import credit_line_rows, credit_rows, number_credits
from billing_assets_tests.frames.rows import charged_by, tax_rule, tax_rules
from billing_assets_tests.frames.test_credits import line

FROZEN = {
    "payer_id": 1,
    "payer_version_id": 2,
    "policy_term_version_id": 3,
    "installment_count": 1,
    "revision": 0,
    "period_to_date": date(2024, 2, 1),
    "payment_plan_id": 5,
    "term_sha256": "t",
    "payer_sha256": "p",
    "plan_sha256": "s",
}


def drafts() -> Drafts:
    rows = [
        line(2, 100, 8, wanted_net_minor=100, **FROZEN),
        line(
            1,
            50,
            4,
            wanted_net_minor=50,
            **{**FROZEN, "original_invoice_id": 42, "original_number": "INV-00000042"},
        ),
    ]
    charged = pl.DataFrame({"original_invoice_id": [41, 42], "tax_rule_id": [1, 1]})
    rules = tax_rules(tax_rule(1))
    frame = pl.DataFrame(rows, schema=CREDITABLE_LINE_SCHEMA)
    return draft_credits(frame, charged_by(charged, rules), rules)


def numbered(of: Drafts | None = None, *, reason: str = "the car was sold", **values: Any) -> pl.DataFrame:
    given: dict[str, Any] = {
        "prefix": "CRN-",
        "first_number": 7,
        "issue_date": date(2024, 3, 11),
        "company_id": 1,
        "company_sha256": "c",
        "template_sha256": "d",
        **values,
    }
    return number_credits(of or drafts(), Heading(**given), reason=reason)


def test_numbers_follow_the_drafts_and_nothing_falls_due() -> None:
    found = numbered()
    assert found["document_number"].to_list() == ["CRN-00000007", "CRN-00000008"]
    assert found["due_date"].to_list() == [date(2024, 3, 11)] * 2
    assert set(found["record_format"]) == {4}


def test_the_hash_covers_the_reason_the_invoice_and_the_line_that_is_credited() -> None:
    ours = numbered()["snapshot_sha256"].to_list()
    assert len(set(ours)) == 2
    assert not set(ours) & set(numbered(reason="another")["snapshot_sha256"])
    other = drafts()
    moved = Drafts(
        invoices=other.invoices.with_columns(original_number=pl.lit("INV-00000099")),
        lines=other.lines,
        taxes=other.taxes,
        charges=other.charges,
    )
    again = Drafts(
        invoices=other.invoices,
        lines=other.lines.with_columns(credited_line_number=pl.lit(9)),
        taxes=other.taxes,
        charges=other.charges,
    )
    for changed in (moved, again):
        assert not set(ours) & set(numbered(changed)["snapshot_sha256"])


def test_rows_of_the_store_name_invoice_line_and_reason() -> None:
    ids = pl.Series([501, 502])
    heads = credit_rows(
        numbered(), ids, run_id=9, number_series_id=1, company_version_id=1, template_version_id=1
    )
    assert heads.select("invoice_id", "credited_invoice_id", "credit_reason").rows() == [
        (501, 41, "the car was sold"),
        (502, 42, "the car was sold"),
    ]
    lines = credit_line_rows(drafts(), ids, company_id=1)
    keys = ("invoice_id", "line_number", "credited_invoice_id", "credited_line_number")
    assert lines.select(keys).rows() == [(501, 1, 41, 2), (502, 1, 42, 1)]
