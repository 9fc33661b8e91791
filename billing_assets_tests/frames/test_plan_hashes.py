"""The hash of a plan is that of what would be issued; any change of it is another hash."""

from dataclasses import replace
from datetime import date
from typing import Any

import polars as pl
import pytest

from billing_assets.frames.columns import DUE_SCHEMA
from billing_assets.frames.invoices import draft_invoices
from billing_assets.frames.plan_hashes import drafts_sha256, plan_sha256
from billing_assets_tests.frames.test_run_figures import APRIL, CHARGE, MAY, RULES, drafts


def test_the_hash_is_that_of_what_would_be_issued() -> None:
    assert drafts_sha256(drafts()) == drafts_sha256(drafts())


@pytest.mark.parametrize(
    "change",
    [
        {"net_minor": 10_001},
        {"due_date": date(2024, 4, 2)},
        {"plan_sha256": "other"},
        {"payer_sha256": "other"},
        {"term_sha256": "other"},
        {"installment_number": 3},
        {"outcome": "held", "reason_code": "row_is_problem"},
    ],
)
def test_any_change_of_a_charge_is_another_hash(change: dict[str, Any]) -> None:
    assert drafts_sha256(drafts(change)) != drafts_sha256(drafts())


def test_another_tax_is_another_hash() -> None:
    due = pl.DataFrame([CHARGE], schema=DUE_SCHEMA)
    more = RULES.with_columns(rate_ppm=pl.col("rate_ppm") + (pl.col("rate_ppm") > 0).cast(pl.Int64) * 10_000)
    assert drafts_sha256(draft_invoices(due, more)) != drafts_sha256(draft_invoices(due, RULES))


def test_the_hash_of_a_plan_goes_by_its_date_and_the_order_of_its_shards() -> None:
    assert plan_sha256(APRIL, ["a", "b"]) != plan_sha256(APRIL, ["b", "a"])
    assert plan_sha256(APRIL, ["a"]) != plan_sha256(MAY, ["a"])


def test_a_null_is_a_null_however_it_came_about() -> None:
    """What lies behind a null in memory is no part of the hash."""
    priced = drafts({"outcome": "held", "reason_code": "row_is_problem"})
    holes = priced.charges.with_columns(
        draft_index=pl.when(pl.col("draft_index").is_not_null()).then(pl.lit(7, pl.Int64))
    )
    assert drafts_sha256(replace(priced, charges=holes)) == drafts_sha256(priced)


def test_a_plan_without_changes_has_the_hash_that_it_had_before_there_were_any() -> None:
    priced = drafts()
    known = replace(priced, charges=priced.charges.with_columns(revision=pl.lit(0, pl.Int64)))
    unknown = replace(priced, charges=priced.charges.with_columns(revision=pl.lit(None, pl.Int64)))
    assert drafts_sha256(known) == drafts_sha256(unknown)
    changed = replace(priced, charges=priced.charges.with_columns(revision=pl.lit(1, pl.Int64)))
    assert drafts_sha256(changed) != drafts_sha256(known)


def test_a_plan_without_charge_lines_has_the_hash_that_it_had_before_there_were_any() -> None:
    priced = drafts()

    def of(number: int | None) -> str:
        charges = priced.charges.with_columns(charge_number=pl.lit(number, pl.Int64))
        return drafts_sha256(replace(priced, charges=charges))

    assert of(0) == of(None) == drafts_sha256(priced)
    assert of(1) != of(0)
