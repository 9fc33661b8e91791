"""Invoices by day: each document once, on the earliest date of its charges."""

from datetime import date
from types import SimpleNamespace

import polars as pl

from billing_assets.frames.columns import EXPECTED_SCHEMA
from billing_assets.frames.expected_volume import add_volumes, expected_volume

AS_OF = date(2024, 2, 1)


def test_a_document_counts_once_on_its_earliest_date() -> None:
    charges = pl.DataFrame(
        {
            "draft_index": [0, 0, 1, None],
            "billing_date": [date(2024, 2, 5), date(2024, 2, 3), date(2023, 12, 1), date(2024, 2, 3)],
        }
    )
    invoices = pl.DataFrame({"draft_index": [0, 1], "currency": ["EUR", "EUR"], "total_minor": [1000, 250]})
    drafts = SimpleNamespace(charges=charges, invoices=invoices)
    found = expected_volume(drafts, AS_OF)  # type: ignore[arg-type]
    assert found.rows() == [(date(2024, 1, 31), "EUR", 1, 250), (date(2024, 2, 3), "EUR", 1, 1000)]


def test_nothing_added_up_is_nothing() -> None:
    assert add_volumes([]).schema == EXPECTED_SCHEMA
