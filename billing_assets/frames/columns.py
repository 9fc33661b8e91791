"""The dictionary of columns: what each frame holds, with types and units.

Belongs here: schemas that more than one file reads or writes. Hashes are hexadecimal text in frames.
Does not belong here: formulas, tables of the store.
"""

import polars as pl

TERM_SCHEMA: dict[str, type[pl.DataType]] = {
    "policy_term_id": pl.Int64,
    "policy_term_version_id": pl.Int64,
    "policy_number": pl.String,
    "payer_id": pl.Int64,
    "payer_version_id": pl.Int64,
    "line_of_business": pl.String,
    "place_code": pl.String,
    "currency": pl.String,
    "plan_code": pl.String,
    "effective_date": pl.Date,
    "expiration_date": pl.Date,
    "anchor_date": pl.Date,
    "cover_to_date": pl.Date,
    "cut_over_date": pl.Date,
    "premium_minor": pl.Int64,
    "hold_code": pl.String,
    "term_sha256": pl.String,
    "payer_sha256": pl.String,
}
"""A policy term as a run reads it: its current version, with its payer's.

``cover_to_date`` is null where cover did not end early, ``hold_code`` is null where nothing holds the term.
"""

SETTLED_SCHEMA: dict[str, type[pl.DataType]] = {"policy_term_id": pl.Int64, "installment_number": pl.Int64}
"""Installments that need nothing more: invoiced or recorded as zero."""

DUE_SCHEMA: dict[str, type[pl.DataType]] = {
    "policy_term_id": pl.Int64,
    "installment_number": pl.Int64,
    "installment_count": pl.Int64,
    "policy_term_version_id": pl.Int64,
    "policy_number": pl.String,
    "payer_id": pl.Int64,
    "payer_version_id": pl.Int64,
    "line_of_business": pl.String,
    "place_code": pl.String,
    "currency": pl.String,
    "billing_date": pl.Date,
    "due_date": pl.Date,
    "period_from_date": pl.Date,
    "period_to_date": pl.Date,
    "net_minor": pl.Int64,
    "outcome": pl.String,
    "reason_code": pl.String,
    "payment_plan_id": pl.Int64,
    "minimum_payment_days": pl.Int64,
    "term_sha256": pl.String,
    "payer_sha256": pl.String,
    "plan_sha256": pl.String,
}
"""A due charge: one installment that a run has to answer for.

``outcome`` is ``invoiced`` until something speaks against it, and then has a ``reason_code``; ``net_minor``
is the premium of the covered days; ``period_to_date`` lies where cover ends, if that is inside the period.
A term without a plan row has one charge, with installment number 0 for the whole term and nulls for the plan.
"""
