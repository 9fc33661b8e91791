"""Checked rows of a policy book and terms of the store, for tests that set one against the other.

Belongs here: one good row and one stored term, and what a test changes of them.
Does not belong here: reading and checking a row (``test_policy_book``).
"""

from datetime import date
from typing import Any

import polars as pl

from billing_assets.frames.book_changes import SettledBook, StoredBook, settle_book
from billing_assets.frames.book_charges import CHARGE_ROW
from billing_assets.frames.book_payers import PAYER_ROW
from billing_assets.frames.columns import (
    IN_FORCE_SCHEMA,
    OPEN_HOLD_SCHEMA,
    OPEN_PROBLEM_SCHEMA,
    STORED_PAYER_SCHEMA,
    STORED_TERM_SCHEMA,
)

JAN, JUN, NEXT_JAN = date(2024, 1, 1), date(2024, 6, 1), date(2025, 1, 1)
BILLING = {
    "line_of_business": "motor",
    "place_code": "ES",
    "currency": "EUR",
    "plan_code": "monthly",
    "expiration_date": NEXT_JAN,
    "anchor_date": JAN,
    "premium_minor": 10_000,
    "charges": "",
    "payers": "",
}
ROW: dict[str, Any] = {
    **BILLING,
    "row_number": 1,
    "original_row": "row",
    "policy_number": "P",
    "named_policy_number": "P",
    "payer_key": "K",
    "product_code": "car",
    "effective_date": JAN,
    "cover_to_date": None,
    "cut_over_date": JAN,
    "problem_code": None,
    "field_name": None,
    "has_email": True,
    "is_email_bad": False,
    "record_key": "P 2024-01-01",
    "payer_content": "{}",
    "content_sha256": "new",
    "payer_sha256": "payer",
    "is_payer_keyed": True,
    "status": "accepted",
    "charge_rows": None,
    "charge_sum_minor": None,
    "payer_rows": None,
}
TYPES: dict[str, pl.DataType | type[pl.DataType]] = {
    "cover_to_date": pl.Date,
    "problem_code": pl.String,
    "field_name": pl.String,
    "premium_minor": pl.Int64,
    "effective_date": pl.Date,
    "expiration_date": pl.Date,
    "named_policy_number": pl.String,
    "charge_sum_minor": pl.Int64,
    "payer_content": pl.String,
    "payer_sha256": pl.String,
    "charge_rows": pl.List(CHARGE_ROW),
    "payer_rows": pl.List(PAYER_ROW),
}

NOTHING = pl.DataFrame(schema=STORED_TERM_SCHEMA)
PAYER = pl.DataFrame({"payer_key": ["K"], "payer_sha256": ["payer"]})
NO_PAYER = pl.DataFrame(schema=STORED_PAYER_SCHEMA)


def rows(*changes: dict[str, Any]) -> pl.DataFrame:
    """Return one row of a book for each of ``changes``, which name what differs from ``ROW``."""
    made = [
        {**ROW, "row_number": number, "named_policy_number": change.get("policy_number", "P"), **change}
        for number, change in enumerate(changes, 1)
    ]
    return pl.DataFrame(made, schema_overrides=TYPES)


def stored(**change: Any) -> pl.DataFrame:
    """Return a term of the store that was never billed."""
    row = {"policy_number": "P", "effective_date": JAN, **BILLING, "content_sha256": "old", **change}
    return pl.DataFrame([{name: row.get(name) for name in STORED_TERM_SCHEMA}], schema=STORED_TERM_SCHEMA)


def billed(**change: Any) -> pl.DataFrame:
    """Return a term of the store that was billed up to June."""
    last = {f"billed_{name}": value for name, value in BILLING.items()}
    return stored(**{**last, "billed_to_date": JUN, **change})


def settle(
    book: pl.DataFrame,
    terms: pl.DataFrame,
    payers: pl.DataFrame,
    *,
    problems: pl.DataFrame | None = None,
    holds: pl.DataFrame | None = None,
    in_force: pl.DataFrame | None = None,
) -> SettledBook:
    """Settle a book against these terms and payers; nothing is open unless it is given."""
    stored_book = StoredBook(
        terms=terms,
        payers=payers,
        problems=pl.DataFrame(schema=OPEN_PROBLEM_SCHEMA) if problems is None else problems,
        holds=pl.DataFrame(schema=OPEN_HOLD_SCHEMA) if holds is None else holds,
        in_force=pl.DataFrame(schema=IN_FORCE_SCHEMA) if in_force is None else in_force,
    )
    return settle_book(book, stored_book, JUN)
