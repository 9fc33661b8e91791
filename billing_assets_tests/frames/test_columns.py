"""Schemas are made of the dictionary of columns."""

import polars as pl
import pytest

from billing_assets.frames.columns import (
    DUE_SCHEMA,
    PLAN_SCHEMA,
    SETTLED_SCHEMA,
    TERM_SCHEMA,
    schema_of,
)


def test_a_schema_has_the_columns_that_were_named_with_their_types() -> None:
    assert schema_of("net_minor", "due_date") == {"net_minor": pl.Int64, "due_date": pl.Date}


def test_a_column_without_a_row_has_no_place_in_a_schema() -> None:
    with pytest.raises(KeyError):
        schema_of("colour")


def test_what_is_settled_can_be_cut_from_what_was_due() -> None:
    assert SETTLED_SCHEMA.items() <= DUE_SCHEMA.items()


def test_what_a_document_freezes_of_its_term_its_payer_and_its_plan_comes_with_the_charge() -> None:
    assert {"term_sha256", "payer_sha256"} <= set(TERM_SCHEMA) & set(DUE_SCHEMA)
    assert {"payment_plan_id", "minimum_payment_days", "plan_sha256"} <= set(PLAN_SCHEMA) & set(DUE_SCHEMA)
