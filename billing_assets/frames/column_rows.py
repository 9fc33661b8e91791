"""The dictionary of columns: name, type, unit and meaning, one row per column.

Belongs here: every column of a schema that more than one file reads or writes.
Does not belong here: the schemas (``columns``), formulas, tables of the store.

A column has one type and one meaning, in whatever frame it stands. Hashes are hexadecimal text in frames.
Reading it needs no Polars: Dagster shows the same words, and loads them with its definitions.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple


class Kind(StrEnum):
    """The type of a column, as the store calls it."""

    INT = "bigint"
    TEXT = "text"
    DAY = "date"
    FLAG = "boolean"


class Column(NamedTuple):
    """A row of the dictionary; ``unit`` says what a value counts or how it is written."""

    name: str
    kind: Kind
    unit: str
    meaning: str


_TERMS = (
    Column("policy_term_id", Kind.INT, "key", "the policy term"),
    Column(
        "policy_term_version_id", Kind.INT, "key", "the version of the term that a run reads or a line froze"
    ),
    Column("policy_number", Kind.TEXT, "text", "the policy, as people write it"),
    Column("payer_id", Kind.INT, "key", "who pays"),
    Column("payer_key", Kind.TEXT, "text", "who pays, as the policy book names them"),
    Column("payer_version_id", Kind.INT, "key", "the version of the payer that a document freezes"),
    Column("payer_number", Kind.INT, "number", "of the payer within the term, from 1; 0: the term has one"),
    Column("share_ppm", Kind.INT, "parts per million", "what a payer bears of every installment"),
    Column("product_code", Kind.TEXT, "code", "what was sold"),
    Column("line_of_business", Kind.TEXT, "code", "what is insured; tax rows go by it"),
    Column("place_code", Kind.TEXT, "code", "whose taxes and closed days count"),
    Column("currency", Kind.TEXT, "ISO 4217", "of every amount in the row"),
    Column("plan_code", Kind.TEXT, "code", "the payment plan"),
    Column("effective_date", Kind.DAY, "day", "first day of the term"),
    Column("expiration_date", Kind.DAY, "day", "day after the last day of the term"),
    Column("anchor_date", Kind.DAY, "day", "day from which the billing periods are counted"),
    Column(
        "cover_to_date",
        Kind.DAY,
        "day",
        "day after the last day of cover that ended early; null where none did",
    ),
    Column("cut_over_date", Kind.DAY, "day", "from this nominal due date on the term is billed here"),
    Column("premium_minor", Kind.INT, "minor units", "premium of the whole term, without tax"),
    Column("charges", Kind.TEXT, "text", "its charge lines: code, line and amount; empty: none"),
    Column("payers", Kind.TEXT, "text", "its payers: share and key of each; empty: one payer"),
    Column("hold_code", Kind.TEXT, "code", "what holds the term; null where nothing does"),
    Column("until_date", Kind.DAY, "day", "up to this billing date the policy is billed on demand"),
    Column("away_months", Kind.TEXT, "days", "first days of detached months that hold invoices of the term"),
    Column("billed_to_date", Kind.DAY, "day", "end of the last billed period; null where nothing was billed"),
)

_PROBLEMS = (
    Column("problem_id", Kind.INT, "key", "the problem"),
    Column("record_key", Kind.TEXT, "text", "what the bad row speaks of"),
    Column("problem_code", Kind.TEXT, "code", "what is wrong"),
    Column("field_name", Kind.TEXT, "text", "which field is wrong"),
)

_SCHEDULES = (
    Column("schedule_id", Kind.INT, "key", "the schedule, within one calculation"),
    Column("period_end_date", Kind.DAY, "day", "day after the period, if cover does not end before"),
    Column("due_from_date", Kind.DAY, "day", "day from which the due days of an installment count"),
    Column("first_days", Kind.INT, "days", "of the first period"),
    Column("first_full_days", Kind.INT, "days", "of the grid period in which the first period lies"),
    Column("last_days", Kind.INT, "days", "of the last period"),
    Column("last_full_days", Kind.INT, "days", "of the grid period in which the last period lies"),
)

_HASHES = (
    Column("content_sha256", Kind.TEXT, "hex SHA-256", "of everything a version says"),
    Column("term_sha256", Kind.TEXT, "hex SHA-256", "of the version of the policy term"),
    Column("payer_sha256", Kind.TEXT, "hex SHA-256", "of the version of the payer"),
    Column("plan_sha256", Kind.TEXT, "hex SHA-256", "of the row of the payment plan"),
)

_CHARGES = (
    Column("installment_number", Kind.INT, "number", "from 1 within the term; 0 stands for the whole term"),
    Column("installment_count", Kind.INT, "number", "how many installments the whole term has"),
    Column("billing_date", Kind.DAY, "day", "on which the invoice is made, by the rules"),
    Column("due_date", Kind.DAY, "day", "on which the payer has to pay"),
    Column("period_from_date", Kind.DAY, "day", "first day of the billing period; the tax point"),
    Column("period_to_date", Kind.DAY, "day", "day after its last covered day"),
    Column("charge_kind", Kind.TEXT, "code", "what the charge is for: premium, or a fee"),
    Column("charge_number", Kind.INT, "number", "of the charge line within its term; 0 is the whole premium"),
    Column("split_number", Kind.INT, "number", "of a line among those of its installment, from 0"),
    Column("revision", Kind.INT, "number", "0 is the premium at the beginning, else that of the change"),
    Column("net_minor", Kind.INT, "minor units", "premium of the covered days, or the fee, without tax"),
    Column("outcome", Kind.TEXT, "code", "what became of it: invoiced, zero, held, failed, credited"),
    Column("reason_code", Kind.TEXT, "code", "why it is not invoiced; null where a document has it"),
)

_FIGURES = (
    Column("is_last", Kind.FLAG, "yes or no", "whether an installment is the last one of its term"),
    Column("is_comparable", Kind.FLAG, "yes or no", "whether the bill before a charge is one of this store"),
    Column("charge_count", Kind.INT, "number", "of the charges that a row stands for"),
    Column("invoice_count", Kind.INT, "number", "of the invoices that a row stands for"),
    Column("tax_minor", Kind.INT, "minor units", "tax on the net amount"),
    Column("total_minor", Kind.INT, "minor units", "net amount and tax of a document"),
    Column("period_days", Kind.INT, "days", "of the periods on a document, added up"),
)

_RULES = (
    Column("payment_plan_id", Kind.INT, "key", "the row of the plan that is valid on the effective date"),
    Column("frequency_code", Kind.TEXT, "code", "how often the plan bills"),
    Column(
        "pattern", Kind.TEXT, "RFC 5545 or days", "of a frequency of the plan's own; empty: a shipped one"
    ),
    Column("lead_days", Kind.INT, "days of lead_unit", "by which the invoice is made before it is due"),
    Column(
        "lead_unit", Kind.TEXT, "code", "what lead days count: calendar days, or open ones of the company"
    ),
    Column("holiday_behaviour", Kind.TEXT, "code", "what is done where the company is closed"),
    Column("due_days", Kind.INT, "calendar days", "after which a period's installment is due"),
    Column("due_roll", Kind.TEXT, "code", "how a due date leaves a closed day of the place"),
    Column("generate_roll", Kind.TEXT, "code", "how a billing date leaves a closed day of the company"),
    Column(
        "minimum_payment_days", Kind.INT, "calendar days", "that a payer has from the issue date at least"
    ),
    Column(
        "maximum_installment_count",
        Kind.INT,
        "number",
        "so many periods have an installment; 0: each has one",
    ),
    Column(
        "weights", Kind.TEXT, "numbers", "of the installments that share, with blanks; empty: none are named"
    ),
    Column("residual", Kind.TEXT, "code", "which installment takes what rounding leaves"),
    Column(
        "down_payment_ppm", Kind.INT, "parts per million", "of the premium, that the first installment is"
    ),
    Column(
        "down_payment_minor", Kind.INT, "minor units", "fixed amount that the first installment is; 0: none"
    ),
    Column(
        "installment_fee_minor", Kind.INT, "minor units", "fee of each installment where there are several"
    ),
    Column(
        "minimum_bill_minor",
        Kind.INT,
        "minor units",
        "installments that come to less wait for the next one; 0: none waits",
    ),
    Column(
        "blackout_days", Kind.INT, "calendar days", "before the end of the term in which nothing falls due"
    ),
    Column("change_billing", Kind.TEXT, "code", "when additional premium is billed: now, next or spread"),
    Column("day_count", Kind.TEXT, "code", "how the plan counts the days of a term"),
    Column("bill_per", Kind.TEXT, "code", "what stands on one bill: a policy, or all of a payer"),
    Column("tax_rule_id", Kind.INT, "key", "the dated row of a tax"),
    Column(
        "charged_rule_id", Kind.INT, "key", "the tax row of an invoice that stands for those of its group"
    ),
    Column("tax_code", Kind.TEXT, "code", "the tax"),
    Column("category_code", Kind.TEXT, "EN 16931", "S taxed, E exempt, X left out: not billed"),
    Column(
        "charge_kinds", Kind.TEXT, "codes", "the kinds of charge that a tax falls on, with blanks between"
    ),
    Column("basis", Kind.TEXT, "code", "what a tax falls on: net, net_and_taxes, term or document"),
    Column(
        "basis_tax_codes", Kind.TEXT, "codes", "the taxes that a tax on taxes falls on beside the net amount"
    ),
    Column("rate_ppm", Kind.INT, "parts per million", "rate on the basis; 0 where the amount is fixed"),
    Column("amount_minor", Kind.INT, "minor units", "fixed amount of a tax per term or document"),
    Column("rounding_scope", Kind.TEXT, "code", "which amounts are added up before they are rounded"),
    Column("rounding_minor", Kind.INT, "minor units", "a tax is rounded to multiples of it"),
    Column("is_inclusive", Kind.FLAG, "yes or no", "whether the price contains the tax"),
    Column("tax_point", Kind.TEXT, "code", "whether the day of the period or of the term decides"),
    Column("cash_unit_id", Kind.INT, "key", "the dated row of a smallest cash amount; null: none is used"),
    Column("cash_unit_minor", Kind.INT, "minor units", "sums payable are multiples of it; 0: of one"),
    Column("exemption_reason", Kind.TEXT, "text", "why premium is exempt; empty where it is taxed"),
    Column("valid_from", Kind.DAY, "day", "first day on which the row holds"),
    Column("valid_to", Kind.DAY, "day", "day after the last one; null while the row is open"),
)

_CHANGES = (
    Column("change_number", Kind.INT, "number", "of a change within its term, by the policy system"),
    Column("change_kind", Kind.TEXT, "code", "endorsement, cancellation or reinstatement"),
    Column("change_date", Kind.DAY, "day", "from which a change takes effect"),
    Column("method_code", Kind.TEXT, "code", "how a cancelled term is earned"),
)

_CALENDARS = (
    Column("roll", Kind.TEXT, "code", "how a date leaves a closed day"),
    Column("day", Kind.DAY, "day", "any calendar day"),
    Column("rolled_date", Kind.DAY, "day", "the open day that it moves to"),
    Column("open_count", Kind.INT, "number", "open days before this one, from the first of the table"),
    Column("is_open", Kind.FLAG, "yes or no", "whether the day is open"),
)

_CREDITS = (
    Column("original_invoice_id", Kind.INT, "key", "the invoice that is given back, wholly or in part"),
    Column("original_number", Kind.TEXT, "text", "the number that is printed on it"),
    Column("original_issue_date", Kind.DAY, "day", "on which it was issued"),
    Column("line_number", Kind.INT, "number", "from 1 within the document"),
    Column("charge_kind", Kind.TEXT, "code", "what the line is for"),
    Column("tax_minor", Kind.INT, "minor units", "all taxes of the line"),
    Column("contained_tax_minor", Kind.INT, "minor units", "the part of them that the price contained"),
    Column("credited_net_minor", Kind.INT, "minor units", "net of the line that was given back before"),
    Column("corrected_net_minor", Kind.INT, "minor units", "the part of it that a person gave back by hand"),
    Column("credited_tax_minor", Kind.INT, "minor units", "its taxes that were given back before"),
    Column("wanted_net_minor", Kind.INT, "minor units", "net to give back now; null where nothing is asked"),
)

BILLED_COLUMNS = (
    "line_of_business",
    "place_code",
    "currency",
    "plan_code",
    "expiration_date",
    "anchor_date",
    "premium_minor",
    "charges",
    "payers",
)
"""What may not change unseen once a term was billed."""


ARRANGED = (
    "maximum_installment_count",
    "weights",
    "residual",
    "down_payment_ppm",
    "down_payment_minor",
    "installment_fee_minor",
    "minimum_bill_minor",
    "currency",
    "blackout_days",
)
"""The columns of a plan by which it arranges installments."""


def _dictionary() -> Mapping[str, Column]:
    rows = {
        row.name: row
        for row in (
            *_TERMS,
            *_PROBLEMS,
            *_SCHEDULES,
            *_HASHES,
            *_CHARGES,
            *_FIGURES,
            *_RULES,
            *_CHANGES,
            *_CALENDARS,
            *_CREDITS,
        )
    }
    for name in (*BILLED_COLUMNS, "cover_to_date"):
        meaning = f"{rows[name].meaning}; as of the version that was billed last"
        rows[f"billed_{name}"] = rows[name]._replace(name=f"billed_{name}", meaning=meaning)
    return MappingProxyType(rows)


COLUMNS = _dictionary()
"""Name -> :class:`Column`.

>>> COLUMNS["rate_ppm"].unit
'parts per million'
"""
