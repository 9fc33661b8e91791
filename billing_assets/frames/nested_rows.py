"""Lists of parts beside a row of a policy book: its charge lines, its payers.

Belongs here: making such a list and its texts from columns, and the rows that a list comes to.
Does not belong here: what the parts are (``book_charges``, ``book_payers``).
"""

from collections.abc import Sequence

import polars as pl

SEPARATOR = "\x1f"
"""Stands between the fields of what is hashed; no text of a book holds it."""


def listed(parts: Sequence[pl.Expr], is_there: Sequence[pl.Expr]) -> pl.Expr:
    """Return the list of those of ``parts`` that a row has.

    >>> rows = pl.DataFrame({"a": [1, 2], "b": [3, 0]})
    >>> names = ("a", "b")
    >>> rows.select(listed([pl.col(name) for name in names], [pl.col(name) > 0 for name in names])).rows()
    [([1, 3],), ([2],)]
    """
    kept = [pl.when(is_kept).then(part) for is_kept, part in zip(is_there, parts, strict=True)]
    return pl.concat_list(kept).list.drop_nulls()


def listed_texts(
    parts: Sequence[pl.Expr], is_there: Sequence[pl.Expr], names: Sequence[str], separator: str
) -> pl.Expr:
    """Return the list of the texts of those ``parts``, structs, that a row has: their fields ``names``.

    >>> part = pl.struct(n=1, code=pl.lit("fire"))
    >>> pl.select(listed_texts([part], [pl.lit(value=True)], ("code", "n"), " ")).item().to_list()
    ['fire 1']
    """
    texts = [
        pl.concat_str([part.struct.field(name).cast(pl.String) for name in names], separator=separator)
        for part in parts
    ]
    return listed(texts, is_there)


def content_of(
    word: str, parts: Sequence[pl.Expr], is_there: Sequence[pl.Expr], names: Sequence[str]
) -> pl.Expr:
    r"""Return what is hashed of the ``parts`` that a row has, after ``word``; empty where it has none.

    >>> part = pl.struct(n=1, code=pl.lit("fire"))
    >>> pl.select(content_of("charges", [part], [pl.lit(value=True)], ("n", "code"))).item()
    '\x1fcharges\x1f1\x1ffire'
    """
    content = listed_texts(parts, is_there, names, SEPARATOR).list.join(SEPARATOR)
    return (
        pl.when(pl.any_horizontal(is_there))
        .then(pl.concat_str(pl.lit(f"{SEPARATOR}{word}{SEPARATOR}"), content))
        .otherwise(pl.lit(""))
    )


def rows_of(frame: pl.DataFrame, column: str, *names: str) -> pl.DataFrame:
    """Return what the rows have in a list of structs, one row each, beside their columns ``names``.

    >>> rows = pl.DataFrame({"no": [7, 8], "parts": [[{"n": 1}, {"n": 2}], None]})
    >>> rows_of(rows, "parts", "no").rows()
    [(7, 1), (7, 2)]
    """
    return (
        frame.select(*names, column)
        .filter(pl.col(column).list.len() > 0)
        .explode(column)
        .select(*names, pl.col(column).struct.unnest())
    )
