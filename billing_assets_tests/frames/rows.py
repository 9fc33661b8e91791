"""Terms, plans and tax rows as frames, for the tests of the formulas.

Belongs here: short ways to write input down, and the one run that sees every installment.
Does not belong here: any rule.
"""

from dataclasses import asdict
from datetime import date
from typing import Any

import polars as pl

from billing_assets.domain.calendar_rule import NO_CLOSED_DAYS, ClosedDays
from billing_assets.domain.frequencies import FREQUENCIES
from billing_assets.domain.tax_rule import GROUP_WORDS
from billing_assets.domain.taxes import shipped_tax_rules
from billing_assets.frames.columns import CHARGED_TAX_SCHEMA, SETTLED_SCHEMA, TERM_SCHEMA
from billing_assets.frames.due_charges import due_charges

LONG_AFTER = date(2201, 6, 3)
"""An open day in Spain by which everything of a term up to 2199 is due."""

NOTHING_SETTLED = pl.DataFrame(schema=SETTLED_SCHEMA)

TAX_RULES = pl.DataFrame(
    [asdict(rule) for rule in shipped_tax_rules()], infer_schema_length=None
).with_row_index("tax_rule_id")


def day(text: str) -> date:
    return date.fromisoformat(text)


def plan(plan_code: str = "monthly", **values: Any) -> dict[str, Any]:
    frequency = plan_code if plan_code in FREQUENCIES else "monthly"
    return {
        "payment_plan_id": 1,
        "plan_code": plan_code,
        "frequency_code": frequency,
        "pattern": "",
        "lead_days": 14,
        "lead_unit": "calendar",
        "due_days": 0,
        "due_roll": "following",
        "generate_roll": "preceding",
        "holiday_behaviour": "next_open_day",
        "minimum_payment_days": 0,
        "maximum_installment_count": 0,
        "weights": "",
        "residual": "last",
        "down_payment_ppm": 0,
        "down_payment_minor": 0,
        "installment_fee_minor": 0,
        "minimum_bill_minor": 0,
        "currency": "",
        "blackout_days": 0,
        "change_billing": "now",
        "day_count": "actual_term",
        "bill_per": "policy",
        "valid_from": date(1900, 1, 1),
        "valid_to": None,
        "plan_sha256": "s",
        **values,
    }


def plans(*rows: dict[str, Any]) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema_overrides={"valid_to": pl.Date})


ALL_PLANS = plans(*(plan(code) for code in FREQUENCIES))


def term(effective: str, expiration: str, premium_minor: int = 1200_00, **values: Any) -> dict[str, Any]:
    return {
        "policy_term_id": 1,
        "policy_term_version_id": 1,
        "policy_number": "P-1",
        "payer_id": 1,
        "payer_version_id": 1,
        "line_of_business": "motor",
        "place_code": "ES",
        "currency": "EUR",
        "plan_code": "monthly",
        "effective_date": day(effective),
        "expiration_date": day(expiration),
        "anchor_date": day(effective),
        "cover_to_date": None,
        "cut_over_date": date(1900, 1, 1),
        "premium_minor": premium_minor,
        "hold_code": None,
        "term_sha256": "t",
        "payer_sha256": "p",
        **values,
    }


def terms(*rows: dict[str, Any]) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema=TERM_SCHEMA)


def due(
    *rows: dict[str, Any],
    plan_rows: pl.DataFrame = ALL_PLANS,
    settled: pl.DataFrame = NOTHING_SETTLED,
    as_of: date = LONG_AFTER,
    closed: ClosedDays = NO_CLOSED_DAYS,
) -> pl.DataFrame:
    """Return what a run of `as_of` has to answer for, in Spain; by default everything."""
    return due_charges(terms(*rows), plan_rows, settled, as_of, "ES", closed)


def settled_by(charges: pl.DataFrame) -> pl.DataFrame:
    """Return what is settled once those charges are recorded."""
    done = charges.filter(pl.col("outcome").is_in(["invoiced", "zero"]))
    return done.select(*SETTLED_SCHEMA)


def nets(charges: pl.DataFrame) -> list[int]:
    """Return the nets in the order of the installments."""
    return charges.sort("installment_number")["net_minor"].to_list()


def tax_rule(tax_rule_id: int, **values: Any) -> dict[str, Any]:
    """Return a row of a tax: 8 % on top of premium, for any line in Spain since 2020."""
    return {
        "tax_rule_id": tax_rule_id,
        "tax_code": f"T{tax_rule_id}",
        "place_code": "ES",
        "line_of_business": "*",
        "charge_kinds": "premium",
        "category_code": "S",
        "basis": "net",
        "basis_tax_codes": "",
        "rate_ppm": 80_000,
        "amount_minor": 0,
        "currency": "",
        "rounding_scope": "group",
        "rounding_minor": 1,
        "is_inclusive": False,
        "exemption_reason": "",
        "tax_point": "period",
        "valid_from": date(2020, 1, 1),
        "valid_to": None,
        **values,
    }


def tax_rules(*rows: dict[str, Any]) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema_overrides={"valid_to": pl.Date})


def charged_by(taxes: pl.DataFrame, rules: pl.DataFrame) -> pl.DataFrame:
    """Return the rows that taxes of invoices (``original_invoice_id``, ``tax_rule_id``) stand for.

    An invoice with several rows of a group was issued when each row was a group of its own.
    """
    groups = rules.select(*GROUP_WORDS, pl.col("tax_rule_id").cast(pl.Int64))
    pairs = groups.rename({"tax_rule_id": "charged_rule_id"}).join(
        groups.with_columns(rules["valid_to"]), on=GROUP_WORDS, nulls_equal=True
    )
    named = taxes.select("original_invoice_id", charged_rule_id=pl.col("tax_rule_id").cast(pl.Int64))
    found = named.join(pairs, on="charged_rule_id")
    is_own = pl.col("tax_rule_id") == pl.col("charged_rule_id")
    has_own = pl.struct("original_invoice_id", "tax_rule_id").is_in(
        named.select(pl.struct("original_invoice_id", tax_rule_id="charged_rule_id")).to_series().implode()
    )
    return found.filter(is_own | ~has_own).select(*CHARGED_TAX_SCHEMA)


def tax_lines(*nets: int, **values: Any) -> pl.DataFrame:
    """Return lines of one document, to be taxed."""
    return pl.DataFrame(
        [
            {
                "line_row": number,
                "draft_index": 0,
                "policy_term_id": 7,
                "installment_number": 1,
                "charge_kind": "premium",
                "place_code": "ES",
                "line_of_business": "motor",
                "currency": "EUR",
                "effective_date": date(2024, 1, 1),
                "period_from_date": date(2024, 1, 1),
                "net_minor": net,
                **values,
            }
            for number, net in enumerate(nets)
        ]
    )
