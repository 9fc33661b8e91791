"""The schemas of frames, made of the dictionary of columns.

Belongs here: every schema that more than one file reads or writes.
Does not belong here: the columns (``column_rows``), formulas, tables of the store.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import TypeAlias

import polars as pl

from billing_assets.frames.column_rows import ARRANGED, BILLED_COLUMNS, COLUMNS, Kind

Schema: TypeAlias = dict[str, type[pl.DataType]]
"""Column -> type, in the order of the frame."""

_TYPES: Mapping[Kind, type[pl.DataType]] = MappingProxyType(
    {Kind.INT: pl.Int64, Kind.TEXT: pl.String, Kind.DAY: pl.Date, Kind.FLAG: pl.Boolean}
)


def schema_of(*names: str) -> Schema:
    """Return the schema of these columns, in this order; raises ``KeyError`` for one without a row.

    >>> schema_of("day", "rolled_date")
    {'day': Date, 'rolled_date': Date}
    """
    return {name: _TYPES[COLUMNS[name].kind] for name in names}


TERM_SCHEMA = schema_of(
    "policy_term_id",
    "policy_term_version_id",
    "policy_number",
    "payer_id",
    "payer_version_id",
    "product_code",
    "line_of_business",
    "place_code",
    "currency",
    "plan_code",
    "effective_date",
    "expiration_date",
    "anchor_date",
    "cover_to_date",
    "cut_over_date",
    "premium_minor",
    "hold_code",
    "term_sha256",
    "payer_sha256",
)
"""A policy term as a run reads it: its current version, with its payer's."""

CHARGE_LINE_SCHEMA = schema_of(
    "policy_term_id", "charge_number", "line_of_business", "currency", "premium_minor"
)
"""A charge line of a term; ``premium_minor``, above 0, is its part of the premium of the term."""

PAYER_SHARE_SCHEMA = schema_of(
    "policy_term_id", "payer_number", "payer_id", "payer_version_id", "payer_sha256", "share_ppm"
)
"""A payer of a term that has several, the first included; the shares of a term add up to a million."""

SETTLED_SCHEMA = schema_of("policy_term_id", "installment_number")
"""Installments that need nothing more: invoiced or recorded as zero."""

UNTIL_SCHEMA = schema_of("policy_number", "until_date")
"""Policies that are billed on demand, each up to a date of its own."""

DUE_SCHEMA = schema_of(
    "policy_term_id",
    "installment_number",
    "installment_count",
    "policy_term_version_id",
    "policy_number",
    "payer_id",
    "payer_version_id",
    "product_code",
    "line_of_business",
    "place_code",
    "currency",
    "effective_date",
    "billing_date",
    "due_date",
    "period_from_date",
    "period_to_date",
    "charge_kind",
    "revision",
    "charge_number",
    "split_number",
    "payer_number",
    "net_minor",
    "outcome",
    "reason_code",
    "payment_plan_id",
    "minimum_payment_days",
    "term_sha256",
    "payer_sha256",
    "plan_sha256",
)
"""A due charge: one installment that a run has to answer for.

``outcome`` is ``invoiced`` until something speaks against it, and then has a ``reason_code``.
A term without a plan row has one charge, for the whole term, with nulls for the plan. An installment of a
term that has charge lines is one charge for each of them once it is invoiced, and one in all until then; so
is each of these for each payer of a term that has several.
"""

FIGURE_SCHEMA = schema_of(
    "product_code",
    "plan_code",
    "place_code",
    "currency",
    "period_from_date",
    "period_to_date",
    "is_last",
    "is_comparable",
    "charge_count",
    "net_minor",
    "tax_minor",
)
"""What the invoiced charges of a run add up to, by everything that a later run is compared by."""

EXPECTED_SCHEMA = schema_of("billing_date", "currency", "invoice_count", "total_minor")
"""The invoices that are expected, by billing date and currency, with tax."""

LAST_BILL_SCHEMA = schema_of("policy_term_id", "plan_code", "currency", "total_minor", "period_days")
"""The last document of the policy of a term."""

PERIOD_SCHEMA = schema_of(
    "schedule_id",
    "installment_number",
    "installment_count",
    "period_from_date",
    "period_end_date",
    "due_from_date",
    "first_days",
    "first_full_days",
    "last_days",
    "last_full_days",
)
"""An installment of a billing schedule, before any money."""

PLAN_SCHEMA = schema_of(
    "payment_plan_id",
    "plan_code",
    "frequency_code",
    "pattern",
    "lead_days",
    "lead_unit",
    "due_days",
    "due_roll",
    "generate_roll",
    "holiday_behaviour",
    "minimum_payment_days",
    *ARRANGED,
    "change_billing",
    "day_count",
    "bill_per",
    "valid_from",
    "valid_to",
    "plan_sha256",
)
"""A row of a payment plan."""

TAX_RULE_SCHEMA = schema_of(
    "tax_rule_id",
    "tax_code",
    "place_code",
    "line_of_business",
    "charge_kinds",
    "category_code",
    "basis",
    "basis_tax_codes",
    "rate_ppm",
    "amount_minor",
    "currency",
    "rounding_scope",
    "rounding_minor",
    "is_inclusive",
    "exemption_reason",
    "tax_point",
    "valid_from",
    "valid_to",
)
"""A row of a tax."""

CASH_UNIT_SCHEMA = schema_of("cash_unit_id", "currency", "cash_unit_minor", "valid_from", "valid_to")
"""A row of a smallest cash amount."""

CHANGE_SCHEMA = schema_of(
    "policy_term_id",
    "change_number",
    "change_kind",
    "change_date",
    "currency",
    "premium_minor",
    "method_code",
)
"""A change of a term; changes count in the order of their dates, then of their numbers.

``premium_minor`` is the premium of the whole term as if the change held from its first day: of an endorsement
alone. ``method_code`` is of a cancellation alone.
"""

ROLL_SCHEMA = schema_of("place_code", "roll", "day", "rolled_date")
"""A roll table: one row per place, roll rule and calendar day, with the day it moves to."""

OPEN_DAY_SCHEMA = schema_of("day", "open_count", "is_open")
"""A table of open days: one row per calendar day of one calendar."""

STORED_TERM_SCHEMA = schema_of(
    "policy_number",
    "effective_date",
    *BILLED_COLUMNS,
    "cover_to_date",
    "hold_code",
    "content_sha256",
    *(f"billed_{name}" for name in BILLED_COLUMNS),
    "billed_cover_to_date",
    "billed_to_date",
    "away_months",
)
"""A current term of the store; ``billed_*`` are null where the term was never billed.

``away_months`` are the first days of the detached months that hold invoices of it, empty where none does.
"""

STORED_PAYER_SCHEMA = schema_of("payer_key", "payer_sha256")
"""The latest version of a payer of the store."""

OPEN_PROBLEM_SCHEMA = schema_of(
    "problem_id", "record_key", "problem_code", "field_name", "policy_number", "expiration_date"
)
"""An open problem of the store; ``policy_number`` is null where its row names none that there can be."""

OPEN_HOLD_SCHEMA = schema_of("problem_id", "policy_number", "effective_date")
"""A term that an open problem holds."""

IN_FORCE_SCHEMA = schema_of("policy_number", "effective_date", "expiration_date")
"""A term of the store whose cover has not ended; ``expiration_date`` is where it does."""

CREDITABLE_LINE_SCHEMA = schema_of(
    "original_invoice_id",
    "original_number",
    "original_issue_date",
    "line_number",
    "policy_term_id",
    "policy_term_version_id",
    "payer_id",
    "payer_version_id",
    "charge_kind",
    "installment_number",
    "installment_count",
    "revision",
    "charge_number",
    "split_number",
    "line_of_business",
    "place_code",
    "currency",
    "effective_date",
    "period_from_date",
    "period_to_date",
    "net_minor",
    "tax_minor",
    "contained_tax_minor",
    "credited_net_minor",
    "credited_tax_minor",
    "wanted_net_minor",
    "payment_plan_id",
    "cash_unit_id",
    "cash_unit_minor",
    "term_sha256",
    "payer_sha256",
    "plan_sha256",
)
"""A line of an invoice with what was given back of it before, and the payer as of now."""

DOCUMENTED_LINE_SCHEMA = {**CREDITABLE_LINE_SCHEMA, **schema_of("corrected_net_minor")}
"""The same, with what of ``credited_net_minor`` a person gave back by hand."""

ANSWERED_SCHEMA = schema_of("policy_term_id", "revision")
"""A part of the premium of a term of which a run has said that it is held or failed."""

CHARGED_TAX_SCHEMA = schema_of("original_invoice_id", "charged_rule_id", "tax_rule_id", "valid_to")
"""A row that lines of an invoice may have been taxed by, with the end that it had then, and the tax row of
the invoice that stands for it: the row itself, or another of its group."""
