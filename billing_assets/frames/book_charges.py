"""The charge lines of a policy book: their amounts read and checked, and what they say of a term.

Belongs here: columns of amounts made into charge lines. Does not belong here: the other checks of a row
(``policy_book``), what a mapping may say (``domain.book_mapping``).

A line whose cell is empty or zero is none: the term has no such cover. The others have to add up to the
premium, to the last digit.
"""

from collections.abc import Iterator

import polars as pl

from billing_assets.domain.book_mapping import BookMapping, ChargeSource
from billing_assets.domain.money import plain_amount
from billing_assets.domain.problems import CHARGE_FAULTS, NEGATIVE
from billing_assets.frames.amounts import with_amounts
from billing_assets.frames.nested_rows import content_of, listed, listed_texts

CHARGE_ROW = pl.Struct(
    {
        "charge_number": pl.Int64,
        "charge_code": pl.String,
        "charge_name": pl.String,
        "line_of_business": pl.String,
        "premium_minor": pl.Int64,
    }
)
"""A charge line of a term, as the store keeps it."""

SUM_DIFFERS = "charge_sum_differs"


def with_charge_amounts(rows: pl.LazyFrame, mapping: BookMapping) -> pl.LazyFrame:
    """Return the rows with the amount of each charge line, ``amounts.{code}_minor``, and its ``_fault``.

    The first is null where the cell is empty or cannot be read; ``currency`` says how fine it may be. The
    names are none of a cell: a charge line may be called ``fire``, and another one ``fire_minor``.

    >>> charge = ChargeSource(charge_code="fire", charge_name="Fire", column="F")
    >>> rows = pl.LazyFrame({"charges.fire": ["120.5", "", "1.005"], "currency": ["EUR"] * 3})
    >>> read = with_charge_amounts(rows, BookMapping(fields={}, charges=(charge,)))
    >>> read.select("amounts.fire_minor", "amounts.fire_fault").collect().rows()
    [(12050, None), (None, 'amount_empty'), (None, 'amount_too_fine')]
    """
    form = mapping.format
    for charge in mapping.charges:
        rows = with_amounts(
            rows,
            charge.field_name,
            "currency",
            form.decimal_mark,
            _amount(charge),
            thousands=form.thousands,
        )
    return rows


def charge_checks(mapping: BookMapping) -> Iterator[tuple[str, str, pl.Expr]]:
    """Yield problem code, field, and the expression that is true where a row has the problem.

    >>> charge = ChargeSource(charge_code="fire", charge_name="Fire", column="F")
    >>> mapping = BookMapping(fields={}, charges=(charge,))
    >>> [(code, field) for code, field, _ in charge_checks(mapping)][-2:]
    [('amount_negative', 'charges.fire'), ('charge_sum_differs', 'premium')]
    """
    for charge in mapping.charges:
        for code in CHARGE_FAULTS:
            is_faulty = pl.col(f"{_amount(charge)}_fault") == code
            yield code, charge.field_name, _minor(charge) < 0 if code == NEGATIVE else is_faulty
    if mapping.charges:
        yield SUM_DIFFERS, "premium", charge_sum(mapping) != pl.col("premium_minor")


def charge_sum(mapping: BookMapping) -> pl.Expr:
    """Return what the charge lines of a row come to, in minor units; null without charge lines.

    >>> charge = ChargeSource(charge_code="fire", charge_name="Fire", column="F")
    >>> mapping = BookMapping(fields={}, charges=(charge,))
    >>> pl.DataFrame({"amounts.fire_minor": [5, None]}).select(charge_sum(mapping)).to_series().to_list()
    [5, 0]
    """
    if not mapping.charges:
        return pl.lit(None, pl.Int64).alias("charge_sum_minor")
    parts = (_minor(charge).fill_null(0) for charge in mapping.charges)
    return pl.sum_horizontal(parts).cast(pl.Int64).alias("charge_sum_minor")


def sum_words(charge_sum_minor: int, premium_minor: int, currency: str) -> str:
    """Return what a row says where its charge lines are not its premium.

    >>> sum_words(451_00, 450_00, "EUR")
    '450.00, but the charges come to 451.00'
    """
    premium, found = (plain_amount(each, currency) for each in (premium_minor, charge_sum_minor))
    return f"{premium}, but the charges come to {found}"


def moved_words(before: str, now: str, currency: str) -> str:
    r"""Return what of the charge lines (``charges``, as :func:`charge_columns` has them) is another now.

    Codes, lines of business and amounts; where only their order is another, the codes in it.

    >>> moved_words("own_damage motor 12000\nglass motor 500", "own_damage motor 12500", "EUR")
    'own_damage 120.00 -> 125.00, glass 5.00 -> none'
    >>> moved_words("a motor 100\nb home 100", "b home 100\na motor 100", "EUR")
    'order a, b -> b, a'
    """
    old, new = (_told(text, currency) for text in (before, now))
    if old == new:
        return f"order {', '.join(old)} -> {', '.join(new)}"
    words = []
    for code in dict.fromkeys([*old, *new]):
        (old_line, old_amount), (new_line, new_amount) = (told.get(code, _NONE) for told in (old, new))
        if old_amount != new_amount:
            words.append(f"{code} {old_amount} -> {new_amount}")
        if old_line != new_line and _NONE[0] not in {old_line, new_line}:
            words.append(f"{code} {old_line} -> {new_line}")
    return ", ".join(words)


_NONE = ("", "none")


def _told(charges: str, currency: str) -> dict[str, tuple[str, str]]:
    """Return line of business and amount of each code."""
    parts = (line.split(" ") for line in charges.splitlines())
    return {code: (line, plain_amount(int(minor), currency)) for code, line, minor in parts}


def charge_columns(mapping: BookMapping) -> tuple[pl.Expr, ...]:
    r"""Return the expressions ``charge_rows`` (a list of ``CHARGE_ROW``), ``charges`` and ``charge_content``.

    ``charges`` is what may not change unseen once a term was billed: code, line of business and amount of
    each line, in their order. Their numbers change with lines of the mapping that the term has nothing of.
    ``charge_content`` is that with numbers and names, as it is hashed into the term. Both texts are empty
    where a term has no charge lines.

    >>> charge = ChargeSource(charge_code="fire", charge_name="Fire", column="F")
    >>> mapping = BookMapping(fields={}, charges=(charge,))
    >>> row = {"amounts.fire_minor": 120_00, "line_of_business": "home"}
    >>> pl.DataFrame([row]).select(charge_columns(mapping)).select("charges", "charge_content").row(0)
    ('fire home 12000', '\x1fcharges\x1f1\x1ffire\x1fFire\x1fhome\x1f12000')
    """
    if not mapping.charges:
        return (
            pl.lit(None, pl.List(CHARGE_ROW)).alias("charge_rows"),
            pl.lit("").alias("charges"),
            pl.lit("").alias("charge_content"),
        )
    lines = [_line(number, charge) for number, charge in enumerate(mapping.charges, start=1)]
    is_line = [_minor(charge).fill_null(0) > 0 for charge in mapping.charges]
    names = [field.name for field in CHARGE_ROW.fields]
    told = [name for name in names if name not in {"charge_number", "charge_name"}]
    return (
        listed(lines, is_line).alias("charge_rows"),
        listed_texts(lines, is_line, told, " ").list.join("\n").alias("charges"),
        content_of("charges", lines, is_line, names).alias("charge_content"),
    )


def _amount(charge: ChargeSource) -> str:
    return f"amounts.{charge.charge_code}"


def _minor(charge: ChargeSource) -> pl.Expr:
    return pl.col(f"{_amount(charge)}_minor")


def _line(number: int, charge: ChargeSource) -> pl.Expr:
    own = pl.lit(charge.line_of_business) if charge.line_of_business else pl.col("line_of_business")
    return pl.struct(
        pl.lit(number, pl.Int64).alias("charge_number"),
        pl.lit(charge.charge_code).alias("charge_code"),
        pl.lit(charge.charge_name).alias("charge_name"),
        own.alias("line_of_business"),
        _minor(charge).alias("premium_minor"),
    )
