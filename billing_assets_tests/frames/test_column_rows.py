"""A column has one row, and what was billed of a column has its type."""

from billing_assets.frames.column_rows import BILLED_COLUMNS, COLUMNS
from billing_assets.frames.columns import STORED_TERM_SCHEMA


def test_a_billed_column_has_the_type_of_the_column_that_was_billed() -> None:
    for name in BILLED_COLUMNS:
        assert STORED_TERM_SCHEMA[f"billed_{name}"] is STORED_TERM_SCHEMA[name]
        assert "billed last" in COLUMNS[f"billed_{name}"].meaning
