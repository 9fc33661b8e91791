"""What a shard recorded beside what comes out of the same input now.

Belongs here: the comparison, value by value. Does not belong here: the calculation itself
(``due_charges``, ``invoices``, ``numbered``), reading what was recorded (``store.replays``).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import polars as pl

from billing_assets.domain.replays import DifferenceKind
from billing_assets.frames.columns import Schema, schema_of
from billing_assets.frames.invoices import Drafts

_CHARGE_KEY = [
    *("policy_term_id", "installment_number", "charge_kind", "revision"),
    *("charge_number", "payer_id"),
]
_CHARGE_VALUES = (
    "policy_term_version_id",
    "outcome",
    "reason_code",
    "billing_date",
    "due_date",
    "period_from_date",
    "period_to_date",
    "currency",
    "net_minor",
)
_LINE_VALUES = ("installment_count", "payment_plan_id", "net_minor", "tax_minor", "contained_tax_minor")
_TAX_VALUES = ("base_minor", "tax_minor")
_DOCUMENT_VALUES = (
    "due_date",
    "tax_point_date",
    "currency",
    "net_minor",
    "tax_minor",
    "total_minor",
    "cash_unit_id",
    "cash_unit_minor",
    "cash_rounding_minor",
    "payer_version_id",
)

RECORDED_CHARGES: Schema = {
    **schema_of("policy_number", *_CHARGE_KEY, *_CHARGE_VALUES),
    "invoice_id": pl.Int64,
}
RECORDED_LINES: Schema = {**schema_of(*_CHARGE_KEY), **dict.fromkeys(_LINE_VALUES, pl.Int64)}
RECORDED_TAXES: Schema = {
    "invoice_id": pl.Int64,
    "tax_rule_id": pl.Int64,
    **dict.fromkeys(_TAX_VALUES, pl.Int64),
}
RECORDED_DOCUMENTS: Schema = {
    "invoice_id": pl.Int64,
    "document_number": pl.String,
    "invoice_number": pl.Int64,
    "prefix": pl.String,
    "issue_date": pl.Date,
    "due_date": pl.Date,
    "tax_point_date": pl.Date,
    "currency": pl.String,
    "net_minor": pl.Int64,
    "tax_minor": pl.Int64,
    "total_minor": pl.Int64,
    "cash_unit_id": pl.Int64,
    "cash_unit_minor": pl.Int64,
    "cash_rounding_minor": pl.Int64,
    "payer_version_id": pl.Int64,
    "record_format": pl.Int64,
    "cash_currencies": pl.String,
    "company_sha256": pl.String,
    "template_sha256": pl.String,
    "snapshot_sha256": pl.String,
}

DIFFERENCE_COLUMNS = (
    "policy_number",
    "installment_number",
    "document_number",
    "kind",
    "field_name",
    "recorded",
    "recomputed",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """What a shard recorded: ``RECORDED_CHARGES``, ``_LINES``, ``_TAXES`` and ``_DOCUMENTS``.

    ``credits`` are its credit notes, with the charges that they stand for; None where it has none.
    """

    charges: pl.DataFrame
    lines: pl.DataFrame
    taxes: pl.DataFrame
    documents: pl.DataFrame
    credits: "Recorded | None" = None


def with_recorded_holds(terms: pl.DataFrame, charges: pl.DataFrame) -> pl.DataFrame:
    """Return the terms held as they were for the shard, and no other: a hold is what people and books said.

    >>> terms = pl.DataFrame({"policy_term_id": [1, 2], "hold_code": ["row_is_problem", None]})
    >>> charges = pl.DataFrame({"policy_term_id": [2], "outcome": ["held"], "reason_code": ["x"]})
    >>> with_recorded_holds(terms, charges).rows()
    [(1, None), (2, 'x')]
    """
    held = (
        charges.filter(pl.col("outcome") == "held")
        .select("policy_term_id", hold_code="reason_code")
        .unique("policy_term_id")
    )
    return (
        terms.drop("hold_code")
        .join(held, on="policy_term_id", how="left", maintain_order="left")
        .select(terms.columns)
    )


def differences(
    recorded: Recorded,
    drafts: Drafts,
    numbered: pl.DataFrame | None,
    numbered_credits: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """Return a row (``DIFFERENCE_COLUMNS``) for each value that is not what was recorded; none is the aim.

    ``numbered`` are the drafts with the numbers and the issue date that the shard drew, or None where it
    invoiced nothing; ``numbered_credits`` are those of its credit notes. Where every value of a document
    agrees and its frozen record does not, the record is named.

    >>> empty = {name: pl.DataFrame(schema=schema) for name, schema in _SCHEMAS.items()}
    >>> one = {"policy_number": "P-1", "policy_term_id": 7, "installment_number": 2, "net_minor": 5}
    >>> one |= {"charge_kind": "premium", "revision": 0, "charge_number": 0, "payer_id": 3}
    >>> charges = pl.DataFrame([one], schema=RECORDED_CHARGES)
    >>> none = pl.DataFrame(schema={**RECORDED_CHARGES, **RECORDED_LINES, "draft_index": pl.Int64})
    >>> drafts = Drafts(invoices=none, lines=none, taxes=none, charges=none, bodies=none)
    >>> found = differences(Recorded(**{**empty, "charges": charges}), drafts, None)
    >>> found.select("policy_number", "installment_number", "kind").rows()
    [('P-1', 2, 'not_due_now')]
    """
    charges = _compared(recorded.charges, drafts.charges, _CHARGE_KEY, _CHARGE_VALUES, DifferenceKind.CHARGE)
    found = [charges, *_of_lines(recorded, drafts)]
    if numbered is not None:
        found.extend(_of_documents(recorded, drafts, numbered))
    if recorded.credits is not None and drafts.credits is not None and numbered_credits is not None:
        notes = replace(drafts.credits, charges=drafts.charges)
        found.extend(_of_lines(recorded.credits, notes))
        found.extend(_of_documents(recorded.credits, notes, numbered_credits))
    named = pl.concat(found).join(_names(recorded, drafts), on=_CHARGE_KEY, how="left")
    return named.sort("policy_number", "installment_number", "kind", "field_name").select(DIFFERENCE_COLUMNS)


def _of_lines(recorded: Recorded, drafts: Drafts) -> list[pl.DataFrame]:
    """Compare the lines of charges that are there on both sides."""
    known = recorded.charges.join(drafts.charges.select(_CHARGE_KEY), on=_CHARGE_KEY, how="semi")
    lines = _compared(
        recorded.lines.join(known, on=_CHARGE_KEY, how="semi"),
        drafts.lines.join(known, on=_CHARGE_KEY, how="semi"),
        _CHARGE_KEY,
        _LINE_VALUES,
        DifferenceKind.LINE,
    )
    # The first invoices named no plan row.
    is_named = (pl.col("field_name") != "payment_plan_id") | (pl.col("recorded") != "")
    return [lines.filter(is_named)]


_SCHEMAS = {
    "charges": RECORDED_CHARGES,
    "lines": RECORDED_LINES,
    "taxes": RECORDED_TAXES,
    "documents": RECORDED_DOCUMENTS,
}


def _of_documents(recorded: Recorded, drafts: Drafts, numbered: pl.DataFrame) -> list[pl.DataFrame]:
    """Compare taxes and heads of the documents that are there on both sides, by their first charge."""
    first = drafts.lines.filter(pl.col("line_number") == 1).select("draft_index", *_CHARGE_KEY)
    pairs = first.join(
        recorded.charges.select(*_CHARGE_KEY, "invoice_id").drop_nulls("invoice_id"),
        on=_CHARGE_KEY,
        how="inner",
    )
    taxes = _compared(
        recorded.taxes.join(pairs, on="invoice_id"),
        drafts.taxes.join(pairs, on="draft_index"),
        [*_CHARGE_KEY, "tax_rule_id"],
        _TAX_VALUES,
        DifferenceKind.TAX,
    )
    then, now = recorded.documents.join(pairs, on="invoice_id"), numbered.join(pairs, on="draft_index")
    # Where a document is missing on a side, which is named, all numbers after it are others.
    is_whole = recorded.documents.height == numbered.height
    values = (*_DOCUMENT_VALUES, "invoice_number") if is_whole else _DOCUMENT_VALUES
    heads = _compared(then, now, _CHARGE_KEY, values, DifferenceKind.DOCUMENT)
    # Plans promised no days to pay when the first invoices were issued.
    first = then.filter(pl.col("record_format") == 1).select(_CHARGE_KEY)
    is_due = pl.col("field_name") == "due_date"
    heads = pl.concat([heads.filter(~is_due), heads.filter(is_due).join(first, on=_CHARGE_KEY, how="anti")])
    # Values that differ are named above; a record of another form cannot be compared as a whole.
    same = [*_CHARGE_KEY, "record_format", "invoice_number"]
    silent = then.join(heads, on=_CHARGE_KEY, how="anti").join(now.select(same), on=same, how="semi")
    records = _compared(
        silent,
        now.join(silent, on=_CHARGE_KEY, how="semi"),
        _CHARGE_KEY,
        ("snapshot_sha256",),
        DifferenceKind.DOCUMENT,
    )
    return [taxes, heads, records]


def _compared(
    then: pl.DataFrame,
    now: pl.DataFrame,
    key: Sequence[str],
    values: Sequence[str],
    kind: DifferenceKind,
) -> pl.DataFrame:
    """Return a row for each value that differs, and one for each row that one side has alone.

    Of a charge that one side has alone the kind says so, of anything else that the other value is empty; its
    last value stands for it.
    """
    sides = [
        side.select(*key, *(pl.col(name).cast(pl.String).fill_null("") for name in values))
        for side in (then, now)
    ]
    joined = sides[0].join(sides[1], on=list(key), how="inner", suffix="_now", validate="1:1")
    rows = [
        joined.filter(pl.col(name) != pl.col(f"{name}_now")).select(
            *_CHARGE_KEY,
            kind=pl.lit(kind.value),
            field_name=pl.lit(name),
            recorded=pl.col(name),
            recomputed=pl.col(f"{name}_now"),
        )
        for name in values
    ]
    gone, new = (
        sides[0].join(sides[1], on=list(key), how="anti"),
        sides[1].join(sides[0], on=list(key), how="anti"),
    )
    of_charge = kind is DifferenceKind.CHARGE
    last, none = pl.col(values[-1]), pl.lit("")
    for alone, word, recorded, recomputed in (
        (gone, DifferenceKind.NOT_DUE_NOW, last, none),
        (new, DifferenceKind.NOT_RECORDED, none, last),
    ):
        rows.append(
            alone.select(
                *_CHARGE_KEY,
                kind=pl.lit(word.value if of_charge else kind.value),
                field_name=pl.lit(values[-1]),
                recorded=recorded,
                recomputed=recomputed,
            )
        )
    return pl.concat(rows)


def _names(recorded: Recorded, drafts: Drafts) -> pl.DataFrame:
    """Return policy and document number of each charge that either side has."""
    documents = [recorded.documents, *([recorded.credits.documents] if recorded.credits else [])]
    numbers = pl.concat(each.select("invoice_id", "document_number") for each in documents)
    then = recorded.charges.join(numbers, on="invoice_id", how="left").select(
        *_CHARGE_KEY, "policy_number", pl.col("document_number").fill_null("")
    )
    now = drafts.charges.join(then, on=_CHARGE_KEY, how="anti").select(
        *_CHARGE_KEY, "policy_number", document_number=pl.lit("")
    )
    return pl.concat([then, now])
