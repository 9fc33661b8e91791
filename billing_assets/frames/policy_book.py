"""A policy book row by row: which rows billing can take, which it cannot, and why.

Belongs here: the checks of a row, and of rows against each other within one file.
Does not belong here: reading a cell (``book_fields``, ``amounts``), comparing with the store
(``book_changes``).

A row has one problem at most, the first that is found in the order below; so rows and money add up.
"""

from collections.abc import Collection, Iterator, Sequence
from datetime import date

import polars as pl

from billing_assets.domain.book_mapping import (
    DATE_FIELDS,
    KEY_FIELDS,
    BookMapping,
    known_values,
)
from billing_assets.frames.amounts import with_amounts
from billing_assets.frames.book_charges import charge_checks, charge_columns, charge_sum, with_charge_amounts
from billing_assets.frames.book_fields import book_fields, read_day
from billing_assets.frames.book_payers import (
    payer_checks,
    payer_columns,
    with_further_payers,
)
from billing_assets.frames.nested_rows import SEPARATOR
from billing_assets.frames.payer_conflicts import CONFLICT, disagreeing_payers
from billing_assets.frames.payer_fields import (
    LONGEST_TEXT,
    Check,
    address_checks,
    email_marks,
    filled,
    hashes,
    key_checks,
    name_checks,
    payer_content,
    payer_values,
    word_checks,
)
from billing_assets.frames.payers import with_emails_of_file

NO_CUT_OVER = date(1950, 1, 1)
"""Cut-over date of a book that is billed from its beginning: the earliest date that intake accepts."""

_FIRST_DAY, _LAST_DAY = NO_CUT_OVER, date(2199, 12, 31)
_REQUIRED_DAYS = ("effective_date", "expiration_date")
_SLICE_ROWS = 50_000

TERM_COLUMNS = (
    "policy_number",
    "payer_key",
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
)
"""What a term is, to billing: these columns are hashed in this order, with its charges and payers."""


def checked_rows(
    raw: pl.DataFrame, mapping: BookMapping, plan_codes: Collection[str], cut_over_date: date | None
) -> pl.DataFrame:
    """Return every row of a book with ``status`` (``accepted``, ``duplicate`` or ``problem``).

    ``raw`` is as ``feeds.policy_files`` reads it. Beside ``row_number`` and ``original_row`` come
    ``TERM_COLUMNS``, ``charges``, ``charge_rows`` and ``charge_sum_minor`` (``book_charges``), ``payers`` and
    ``payer_rows`` (``book_payers``), ``content_sha256`` and ``payer_content`` (JSON) with ``payer_sha256`` of
    rows without fault, ``has_email``, ``is_email_bad`` (one is given that cannot be delivered to),
    ``record_key``, and ``problem_code`` with ``field_name`` of problems.
    ``premium_minor`` is null where the amount cannot be read, whatever else is wrong with the row.
    ``named_policy_number`` is the policy number where a policy can have it, else null.
    ``is_payer_keyed`` tells whether payers have a key of their own; else it is the policy number.

    >>> from billing_assets.domain.book_mapping import FieldSource
    >>> raw = pl.DataFrame(
    ...     {"row_number": [1], "original_row": ["P1"], "row_fault": [None], "cell:no": ["P1"]}
    ... )
    >>> mapping = BookMapping(fields={"policy_number": FieldSource(columns=("no",))})
    >>> checked_rows(raw, mapping, {"monthly"}, None).select("status", "problem_code").rows()
    [('problem', 'payer_name_empty')]
    """
    checks = [*_checks(plan_codes), *charge_checks(mapping), *payer_checks(mapping)]
    slices = [_checked(part, mapping, checks, cut_over_date) for part in raw.iter_slices(_SLICE_ROWS)]
    is_keyed = "payer_key" in mapping.fields
    rows = pl.concat(slices).with_columns(is_payer_keyed=pl.lit(is_keyed))
    return _with_conflicts(with_emails_of_file(rows), is_payer_keyed=is_keyed)


def _checked(
    raw: pl.DataFrame, mapping: BookMapping, checks: Sequence[Check], cut_over_date: date | None
) -> pl.DataFrame:
    """Check rows one by one; a slice at a time, so that the texts of a large book are not all there twice."""
    typed = _typed(book_fields(raw.lazy(), mapping), mapping, cut_over_date)
    number = pl.coalesce(
        pl.when(is_faulty).then(pl.lit(position, pl.Int16))
        for position, (_code, _field, is_faulty) in enumerate(checks)
    )
    catalogue = pl.LazyFrame(
        {
            "fault": range(len(checks)),
            "problem_code": [code for code, _field, _is_faulty in checks],
            "field_name": [field for _code, field, _is_faulty in checks],
        },
        schema_overrides={"fault": pl.Int16},
    )
    is_unmapped = pl.col("problem_code") == "value_unmapped"
    field_name = pl.coalesce(pl.when(is_unmapped).then("unmapped_field"), "field_name")
    found = typed.with_columns(fault=number).join(catalogue, on="fault", how="left", maintain_order="left")
    named = found.with_columns(
        problem_code=pl.coalesce("row_fault", "problem_code"),
        field_name=pl.when(pl.col("row_fault").is_null()).then(field_name).otherwise(pl.lit("")),
    )
    return _with_contents(named.collect(), mapping)


def _typed(fields: pl.LazyFrame, mapping: BookMapping, cut_over_date: date | None) -> pl.LazyFrame:
    """Read dates and amounts; fill what is empty by its default. Texts of dates stay as ``{field}_text``."""
    days = [read_day(pl.col(name), mapping.format.date_formats) for name in DATE_FIELDS]
    has_payer_key = "payer_key" in mapping.fields
    known = fields.with_columns(
        *(pl.col(name).alias(f"{name}_text") for name in DATE_FIELDS),
        *(day.alias(name) for name, day in zip(DATE_FIELDS, days, strict=True)),
        payer_key=pl.col("payer_key") if has_payer_key else pl.col("policy_number"),
        product_code=filled("product_code", pl.col("line_of_business")),
        **payer_values(),
        cut_over_date=pl.lit(cut_over_date or NO_CUT_OVER, pl.Date),
    ).with_columns(
        anchor_date=pl.when(pl.col("anchor_date_text") == "").then("effective_date").otherwise("anchor_date")
    )
    form = mapping.format
    read = with_amounts(known, "premium", "currency", form.decimal_mark, "premium", thousands=form.thousands)
    return with_further_payers(with_charge_amounts(read, mapping), mapping)


def _checks(plan_codes: Collection[str]) -> Iterator[Check]:
    for name, empty_code in zip(KEY_FIELDS, ("key_empty", "payer_key_empty"), strict=True):
        yield from key_checks(name, empty_code)
    yield "value_unmapped", "", pl.col("unmapped_field").is_not_null()
    yield from name_checks()
    yield "text_too_long", "product_code", pl.col("product_code").str.len_chars() > LONGEST_TEXT
    yield from address_checks()
    yield from _day_checks()
    known = known_values(plan_codes)
    for code, name in (
        ("currency_unknown", "currency"),
        ("plan_unknown", "plan_code"),
        ("place_unknown", "place_code"),
        ("line_unknown", "line_of_business"),
    ):
        yield code, name, ~pl.col(name).is_in(list(known[name]))
    yield from word_checks()
    for code in ("amount_empty", "amount_not_a_number", "amount_too_fine", "amount_out_of_range"):
        yield code, "premium", pl.col("premium_fault") == code
    yield "amount_negative", "premium", pl.col("premium_minor") < 0


def _day_checks() -> Iterator[Check]:
    for name in DATE_FIELDS:
        text, day = pl.col(f"{name}_text"), pl.col(name)
        if name in _REQUIRED_DAYS:
            yield "date_empty", name, text == ""
        yield "date_invalid", name, (text != "") & day.is_null()
        yield "date_out_of_range", name, ~day.is_between(pl.lit(_FIRST_DAY), pl.lit(_LAST_DAY))
    yield "end_before_start", "expiration_date", pl.col("expiration_date") <= pl.col("effective_date")
    yield (
        "cover_starts_after_term",
        "contract_start_date",
        pl.col("contract_start_date") > pl.col("effective_date"),
    )


def _with_contents(rows: pl.DataFrame, mapping: BookMapping) -> pl.DataFrame:
    """Add keys and hashed contents; rows with a fault have no contents."""
    is_good = pl.col("problem_code").is_null()
    texts = [pl.col(name).cast(pl.String).fill_null("") for name in TERM_COLUMNS]
    day = pl.coalesce(pl.col("effective_date").cast(pl.String), "effective_date_text")
    told = rows.with_columns(*charge_columns(mapping), charge_sum(mapping), *payer_columns(mapping))
    contents = told.select(
        "row_number",
        "original_row",
        *TERM_COLUMNS,
        "charges",
        "charge_rows",
        "charge_sum_minor",
        "payers",
        "payer_rows",
        "problem_code",
        "field_name",
        **email_marks(),
        named_policy_number=pl.when(
            ~pl.any_horizontal(check for _, _, check in key_checks("policy_number", ""))
        ).then(pl.col("policy_number")),
        record_key=pl.concat_str("policy_number", day, separator=" ").str.strip_chars(),
        term_content=pl.when(is_good).then(
            pl.concat_str(texts, separator=SEPARATOR) + pl.col("charge_content") + pl.col("share_content")
        ),
        payer_content=pl.when(is_good).then(payer_content()),
    )
    return contents.with_columns(
        content_sha256=hashes(contents["term_content"]), payer_sha256=hashes(contents["payer_content"])
    ).drop("term_content")


def _with_conflicts(rows: pl.DataFrame, *, is_payer_keyed: bool) -> pl.DataFrame:
    """Mark copies: the same content again is a duplicate, other content a problem of all copies.

    A payer is stated by every row with its key, as the payer of the row or a further one, and all have to
    agree. Without a key the payer belongs to the policy, and only the copies of one term have to agree on it.
    """
    is_good = pl.col("problem_code").is_null()
    term = ["policy_number", "effective_date"]
    has_key = (pl.col("policy_number") != "") & pl.col("effective_date").is_not_null()
    content = pl.coalesce("content_sha256", "original_row")
    payer = pl.col("payer_sha256").drop_nulls().n_unique()
    marked = rows.with_columns(
        _copies=pl.when(has_key).then(content.n_unique().over(term)).otherwise(1),
        _payers=pl.when(is_good).then(payer.over(["payer_key"] if is_payer_keyed else term)).otherwise(1),
    )
    is_copy_other = (
        pl.col("_copies") > 1 if is_payer_keyed else (pl.col("_copies") > 1) | (pl.col("_payers") > 1)
    )
    conflict = (
        pl.when(is_good & is_copy_other)
        .then(pl.struct(problem_code=pl.lit("key_conflict"), field_name=pl.lit("policy_number")))
        .when(is_good & (pl.col("_payers") > 1))
        .then(pl.struct(problem_code=pl.lit(CONFLICT), field_name=pl.lit("payer_key")))
        .when(pl.col("_disagreeing").is_not_null())
        .then(pl.struct(problem_code=pl.lit(CONFLICT), field_name="_disagreeing"))
    )
    disagreeing = disagreeing_payers(rows)
    named = (
        marked.with_columns(_disagreeing=pl.lit(None, pl.String))
        if disagreeing.is_empty()
        else marked.join(disagreeing, on="row_number", how="left", maintain_order="left")
    )
    decided = named.with_columns(
        pl.coalesce(conflict.struct.field(name), name).alias(name) for name in ("problem_code", "field_name")
    ).drop("_copies", "_payers", "_disagreeing")
    is_copy = is_good & (pl.int_range(pl.len()).over(*term, "content_sha256") > 0)
    return decided.with_columns(
        status=pl.when(~is_good)
        .then(pl.lit("problem"))
        .when(is_copy)
        .then(pl.lit("duplicate"))
        .otherwise(pl.lit("accepted")),
    )
