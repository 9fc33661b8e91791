"""The frames' columns say their unit by their type."""

import polars as pl

from billing_assets.frames.columns import DUE_SCHEMA, SETTLED_SCHEMA, TERM_SCHEMA


def test_amounts_are_whole_and_dates_are_dates() -> None:
    for schema in (TERM_SCHEMA, SETTLED_SCHEMA, DUE_SCHEMA):
        for name, dtype in schema.items():
            if name.endswith("_date"):
                assert dtype is pl.Date, name
            if name.endswith(("_minor", "_id", "_number", "_count")) and name != "policy_number":
                assert dtype is pl.Int64, name


def test_what_is_settled_can_be_cut_from_what_was_due() -> None:
    assert SETTLED_SCHEMA.items() <= DUE_SCHEMA.items()
