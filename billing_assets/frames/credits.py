"""From lines of invoices and what to give back of them to priced credit notes.

Belongs here: what may be given back, the tax of it, and the drafts, over whole frames.
Does not belong here: which credits are wanted (``steps.credit_invoices``), numbers (``numbered_credits``),
the tax of an invoice (``taxes``).

**Tax of a credit.** Let a tax row have charged ``T`` on a line of net ``N``. Of a part ``c`` of that net the
tax is ``c x rate`` (of a tax on taxes: on ``c`` and the part of the taxes it falls on), rounded half-up as
the row rounds, and never more than ``T``; of the whole ``N`` it is ``T`` itself. What a credit gives back is
the tax of all that is given back now and before, less that of what was given back before. However a line is
split, the credits add up to ``N`` and ``T``; none is below zero. Fixed amounts are given back by the credit
that brings the last line of the document to its whole net, and by no other.
"""

import polars as pl

from billing_assets.domain.credits import LineLeft, credit_exceeds_invoice, credit_line_unknown
from billing_assets.domain.errors import BillingError
from billing_assets.domain.money import PPM
from billing_assets.frames.cash_rounding import with_cash_rounding
from billing_assets.frames.invoices import Drafts, documents_of, with_charge_line_marks
from billing_assets.frames.rounding import divide_half_up, wide
from billing_assets.frames.sorted_groups import group_number, number_within
from billing_assets.frames.tax_rows import tax_rows_of_originals
from billing_assets.frames.taxes import document_taxes, line_shares, named_sum, tax_amounts

_BEFORE, _AFTER = "before", "after"
_DOCUMENT, _TERM = ["draft_index"], ["draft_index", "policy_term_id"]
_HEAD = (
    "original_invoice_id",
    "original_number",
    "original_issue_date",
    "payer_id",
    "payer_version_id",
    "payer_sha256",
    "currency",
    "cash_unit_id",
    "cash_unit_minor",
    "has_charge_lines",
)


def with_wanted(lines: pl.DataFrame, wanted: pl.DataFrame) -> pl.DataFrame:
    """Return lines of invoices (``columns.CREDITABLE_LINE_SCHEMA``) with ``wanted_net_minor`` as is asked.

    ``wanted`` has ``original_number``, ``line_number`` (null: every line) and ``wanted_net_minor`` (null:
    what is left). Of a line that nobody asks for the result is null.

    Raises:
        BillingError: ``credit_line_unknown``; ``credit_doubled`` where a line is asked for twice;
            ``credit_exceeds_invoice`` where an amount is zero.

    >>> columns = ("original_number", "line_number", "wanted_net_minor")
    >>> line = {"original_number": "INV-00000042", "net_minor": 10, "credited_net_minor": 4}
    >>> lines = pl.DataFrame([{**line, "line_number": number, "wanted_net_minor": None} for number in (1, 2)])
    >>> wanted = pl.DataFrame([("INV-00000042", 2, None)], schema=columns, orient="row")
    >>> with_wanted(lines, wanted)["wanted_net_minor"].to_list()
    [None, 6]
    """
    of_line = wanted.filter(pl.col("line_number").is_not_null())
    documents = wanted.filter(pl.col("line_number").is_null()).select("original_number")
    _refuse_doubled(of_line, documents)
    key = ["original_number", "line_number"]
    unknown = of_line.join(lines, on=key, how="anti")
    if unknown.height:
        raise credit_line_unknown(*unknown.select(key).row(0))
    asked = of_line.select(
        *key, asked_minor=pl.col("wanted_net_minor").cast(pl.Int64), is_asked=pl.lit(value=True)
    )
    left = pl.col("net_minor") - pl.col("credited_net_minor")
    is_whole = pl.col("original_number").is_in(documents["original_number"].implode())
    found = lines.join(asked, on=key, how="left", maintain_order="left")
    nothing = found.filter(pl.col("asked_minor") == 0)
    if nothing.height:
        raise credit_exceeds_invoice(_left(nothing))
    amount = pl.when(pl.col("is_asked") | is_whole).then(pl.coalesce("asked_minor", left))
    return found.with_columns(wanted_net_minor=amount).drop("asked_minor", "is_asked")


def _refuse_doubled(of_line: pl.DataFrame, documents: pl.DataFrame) -> None:
    doubled = (
        pl.concat(
            [
                of_line.filter(of_line.select("original_number", "line_number").is_duplicated()),
                of_line.join(documents, on="original_number", how="semi"),
            ]
        )["original_number"].to_list()
        + documents.filter(documents.is_duplicated())["original_number"].to_list()
    )
    if doubled:
        raise BillingError(
            "credit_doubled",
            f"a line of {doubled[0]} is named twice",
            "name each line once, or the invoice alone for all of it",
        )


def _left(lines: pl.DataFrame) -> list[LineLeft]:
    """Return what is left of the lines, as an error names it."""
    rows = lines.sort("original_invoice_id", "line_number").select(
        invoice_number="original_number",
        line_number="line_number",
        currency="currency",
        net_minor=pl.col("net_minor") - pl.col("credited_net_minor"),
        tax_minor=pl.col("tax_minor") - pl.col("credited_tax_minor"),
    )
    return [LineLeft(**row) for row in rows.iter_rows(named=True)]


def draft_credits(lines: pl.DataFrame, taxes: pl.DataFrame, tax_rules: pl.DataFrame) -> Drafts:
    """Return the priced credit notes, one per invoice of which something is given back.

    ``lines`` (``columns.CREDITABLE_LINE_SCHEMA``) are all lines of the invoices, ``taxes``
    (``columns.CHARGED_TAX_SCHEMA``) all rows that they were taxed by. ``draft_index`` goes by
    ``original_invoice_id``. The drafts have no charges. A line with nothing to give back is left out, an
    invoice with no such line too.
    A line may stand with no net and a fixed amount as tax: it was credited before, and now the document is.
    A credit note is rounded by the cash unit of its invoice, whatever the company does by now, so that a
    whole credit gives back the rounding too.

    Raises:
        BillingError: ``credit_exceeds_invoice``; ``credit_differs`` where the taxes of an invoice or of what
            was credited before are not what its rows come to.

    >>> from datetime import date
    >>> from billing_assets.domain.taxes import shipped_tax_rules
    >>> from billing_assets.frames.columns import CREDITABLE_LINE_SCHEMA
    >>> rules = pl.DataFrame(shipped_tax_rules()).with_row_index("tax_rule_id")
    >>> row = rules.filter(pl.col("tax_code") == "GB-IPT", pl.col("line_of_business") == "*").tail(1)
    >>> line = {
    ...     "original_invoice_id": 41,
    ...     "line_number": 1,
    ...     "place_code": "GB",
    ...     "line_of_business": "motor",
    ...     "currency": "GBP",
    ...     "charge_kind": "premium",
    ...     "installment_number": 1,
    ...     "effective_date": date(2024, 1, 1),
    ...     "period_from_date": date(2024, 1, 1),
    ...     "net_minor": 104,
    ...     "tax_minor": 12,
    ...     "contained_tax_minor": 0,
    ...     "credited_net_minor": 0,
    ...     "credited_tax_minor": 0,
    ...     "wanted_net_minor": 54,
    ...     "cash_unit_minor": 0,
    ... }
    >>> lines = pl.DataFrame([line], schema=CREDITABLE_LINE_SCHEMA)
    >>> named = {"original_invoice_id": pl.lit(41), "charged_rule_id": "tax_rule_id"}
    >>> charged = row.select("tax_rule_id", "valid_to", **named)
    >>> draft_credits(lines, charged, rules).invoices.select("net_minor", "tax_minor", "total_minor").row(0)
    (54, 6, 60)
    """
    _refuse_excess(lines)
    keyed = _with_states(lines)
    amounts = tax_amounts(tax_rows_of_originals(_as_charged(keyed), taxes, tax_rules), tax_rules)
    given = _given_back(amounts, keyed, tax_rules)
    _refuse_differing(keyed, amounts, given)
    credited = with_charge_line_marks(_credited_lines(keyed, given))
    own = given.join(credited.select("line_row", document="draft_index"), on="line_row").filter(
        (pl.col("base_minor") != 0) | (pl.col("tax_minor") != 0)
    )
    own = own.with_columns(draft_index="document").sort("line_row", "rule_order")
    return Drafts(
        invoices=with_cash_rounding(documents_of(credited, *_HEAD)),
        lines=credited,
        taxes=document_taxes(own, tax_rules),
        charges=credited.select("draft_index").clear(),
    )


def _refuse_excess(lines: pl.DataFrame) -> None:
    left = pl.col("net_minor") - pl.col("credited_net_minor")
    is_within = pl.col("wanted_net_minor").is_between(pl.min_horizontal(0, left), pl.max_horizontal(0, left))
    beyond = lines.filter(~is_within)
    if beyond.height:
        raise credit_exceeds_invoice(_left(beyond))


def _with_states(lines: pl.DataFrame) -> pl.DataFrame:
    """Return the lines with their keys, and with the net given back before and after this credit.

    ``is_whole_before`` and ``is_whole_after`` tell whether the whole document is given back then, and
    ``is_term_whole_*`` whether all of it that is of the term of the line.
    """
    wanted = pl.col("wanted_net_minor").fill_null(0)
    given_before, given_after = (
        pl.col("net_before") == pl.col("net_minor"),
        pl.col("net_after") == pl.col("net_minor"),
    )
    is_untouched = pl.col("credited_tax_minor") != pl.col("tax_minor")
    # The fixed amount of a document stands on a line of one term, and is no part of what the term had back.
    is_begun = (pl.col("credited_net_minor") != 0) | (pl.col("credited_tax_minor") != 0)
    is_wanted = pl.col("wanted_net_minor").is_not_null()
    return (
        lines.sort("original_invoice_id", "line_number")
        .with_row_index("line_row")
        .with_columns(
            draft_index=group_number("original_invoice_id"),
            net_before="credited_net_minor",
            net_after=pl.col("credited_net_minor") + wanted,
        )
        .with_columns(
            is_whole_before=(given_before.all() & ~is_untouched.any()).over(_DOCUMENT),
            is_whole_after=(given_after.all() & is_wanted.any()).over(_DOCUMENT),
            is_term_whole_before=(given_before.all() & is_begun.any()).over(_TERM),
        )
        .with_columns(
            # A term that was given back stays so when other terms of the document are.
            is_term_whole_after=given_after.all().over(_TERM)
            & (is_wanted.any().over(_TERM) | pl.col("is_term_whole_before") | pl.col("is_whole_after")),
        )
    )


def _as_charged(keyed: pl.DataFrame) -> pl.DataFrame:
    """Return the lines at the price that was charged: with the tax that the price contained."""
    return keyed.with_columns(net_minor=pl.col("net_minor") + pl.col("contained_tax_minor"))


def _given_back(amounts: pl.DataFrame, keyed: pl.DataFrame, rules: pl.DataFrame) -> pl.DataFrame:
    """Return the tax rows of each line with ``base_minor`` and ``tax_minor`` that are given back now.

    ``tax_before`` is what was given back before.
    """
    states = keyed.select(
        "line_row",
        "net_before",
        "net_after",
        *(f"{name}_{state}" for name in ("is_whole", "is_term_whole") for state in (_BEFORE, _AFTER)),
        line_net="net_minor",
    )
    rows = (
        amounts.drop("net_minor")
        .rename({"tax_minor": "charged_tax", "base_minor": "charged_base"})
        .join(states, on="line_row", how="left", maintain_order="left")
        .with_columns(
            # What is due once for a term comes back with the term, whatever else stands on the document.
            pl.when(pl.col("is_fixed") & ~pl.col("is_of_term"))
            .then(f"is_whole_{state}")
            .otherwise(f"is_term_whole_{state}")
            .alias(f"is_whole_{state}")
            for state in (_BEFORE, _AFTER)
        )
    )
    parts = _rates_on_net(rows, rules)
    for state in (_BEFORE, _AFTER):
        parts = _with_state(parts, state, rules)
    return parts.with_columns(
        base_minor=pl.col("base_after") - pl.col("base_before"),
        tax_minor=pl.col("tax_after") - pl.col("tax_before"),
    )


def _rates_on_net(rows: pl.DataFrame, rules: pl.DataFrame) -> pl.DataFrame:
    """Return the rows with ``numerator``, in units of PPM squared: the rate on the net, or on net and taxes.

    Of a price that contains its taxes the net is known by now, and a tax on taxes is its rate times one and
    theirs.
    """
    inside = rows.filter(pl.col("is_inclusive") & pl.col("is_compound"))
    named = named_sum(inside, rows.filter("is_inclusive"), "rate_ppm", rules)
    return (
        rows.join(named, on=["line_row", "rule_order"], how="left", maintain_order="left")
        .with_columns(numerator=wide(pl.col("rate_ppm")) * (PPM + wide(pl.col("named").fill_null(0))))
        .drop("named")
    )


def _with_state(rows: pl.DataFrame, state: str, rules: pl.DataFrame) -> pl.DataFrame:
    """Return the rows with base and tax of the net that is given back in a state."""
    is_later = pl.col("is_compound") & ~pl.col("is_inclusive")
    net, tax, base = f"net_{state}", f"tax_{state}", f"base_{state}"
    plain = rows.with_columns(_tax_of(pl.col(net), state).alias(tax))
    named = named_sum(rows.filter("is_compound"), plain, tax, rules)
    taxable = pl.col(net) + pl.col("named").fill_null(0)
    whole = pl.when(f"is_whole_{state}").then("charged_base").otherwise(0)
    return (
        plain.join(named, on=["line_row", "rule_order"], how="left", maintain_order="left")
        .with_columns(
            pl.when("is_fixed").then(whole).otherwise(taxable).alias(base),
            pl.when(is_later).then(_tax_of(taxable, state)).otherwise(tax).alias(tax),
        )
        .drop("named")
    )


def _tax_of(taxable: pl.Expr, state: str) -> pl.Expr:
    """Return the tax of what is given back in a state: see the formula of this module."""
    charged, is_whole_document = pl.col("charged_tax"), pl.col(f"is_whole_{state}")
    is_with_document = pl.col("is_fixed") | (pl.col("line_net") == 0)
    is_whole = (
        pl.when(is_with_document)
        .then(is_whole_document)
        .otherwise(pl.col(f"net_{state}") == pl.col("line_net"))
    )
    bottom = wide(pl.lit(PPM * PPM)) * pl.col("rounding_minor")
    part = divide_half_up(wide(taxable) * pl.col("numerator"), bottom) * pl.col("rounding_minor")
    bounded = part.clip(pl.min_horizontal(0, charged), pl.max_horizontal(0, charged))
    return pl.when(is_whole).then(charged).when(is_with_document).then(0).otherwise(bounded)


def _refuse_differing(keyed: pl.DataFrame, amounts: pl.DataFrame, given: pl.DataFrame) -> None:
    """Compare what the rows come to with what stands on the lines, charged and given back before."""
    charged = line_shares(amounts).select("line_row", worked_out="tax_minor")
    before = given.group_by("line_row").agg(worked_out_before=pl.col("tax_before").sum())
    compared = keyed.join(charged, on="line_row", how="left").join(before, on="line_row", how="left")
    wrong = compared.filter(
        (pl.col("worked_out").ne_missing(pl.col("tax_minor")))
        | (pl.col("worked_out_before").ne_missing(pl.col("credited_tax_minor")))
    ).sort("line_row")
    if wrong.height:
        number, line_number = wrong.select("original_number", "line_number").row(0)
        raise BillingError(
            "credit_differs",
            f"the taxes of line {line_number} of {number} are not what its tax rows come to",
            "nothing was written; 'billing audit' says what was changed: restore it from a backup",
        )


def _credited_lines(keyed: pl.DataFrame, given: pl.DataFrame) -> pl.DataFrame:
    """Return the lines of the credit notes, with what they give back; numbered from 1 in each."""
    shares = line_shares(given.select("line_row", "tax_minor", "is_inclusive"))
    return (
        keyed.with_columns(
            net_minor=pl.col("net_after") - pl.col("net_before"), credited_line_number="line_number"
        )
        .drop("tax_minor", "contained_tax_minor")
        .join(shares, on="line_row", how="left", maintain_order="left")
        .filter((pl.col("net_minor") != 0) | (pl.col("tax_minor") != 0))
        .with_columns(draft_index=group_number("original_invoice_id"))
        .with_columns(line_number=number_within("draft_index"))
    )
