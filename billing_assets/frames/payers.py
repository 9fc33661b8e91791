"""Payers of a policy book: which of several statements about one payer counts.

Belongs here: the payer of a policy whose book gives payers no key of their own, the e-mail address that a
bad one does not replace.
Does not belong here: reading a payer (``policy_book``), comparing with the store (``book_changes``).
"""

import json
from collections.abc import Mapping

import polars as pl

from billing_assets.frames.book_payers import PAYER_ROW, further_payers
from billing_assets.frames.nested_rows import rows_of
from billing_assets.frames.payer_fields import hashes


def with_latest_payers(taken: pl.DataFrame, stored_terms: pl.DataFrame) -> pl.DataFrame:
    """Return ``taken`` rows with one payer for each policy whose payer has no key, and ``is_payer_outdated``.

    Such a payer is who the latest term names, because people move between two terms. ``is_payer_outdated``
    is true where the store has a later term still, whose payer the file does not give.

    >>> from datetime import date
    >>> from billing_assets.frames.columns import STORED_TERM_SCHEMA
    >>> taken = pl.DataFrame(
    ...     {
    ...         "policy_number": "P",
    ...         "effective_date": [date(2024, 1, 1), date(2025, 1, 1)],
    ...         "is_payer_keyed": False,
    ...         "payer_content": ["old", "new"],
    ...         "payer_sha256": ["01", "02"],
    ...     }
    ... )
    >>> rows = with_latest_payers(taken, pl.DataFrame(schema=STORED_TERM_SCHEMA))
    >>> rows.select("payer_content", "is_payer_outdated").rows()
    [('new', False), ('new', False)]
    """
    names = ("effective_date", "payer_content", "payer_sha256")
    latest = (
        taken.filter(~pl.col("is_payer_keyed"))
        .sort("effective_date")
        .unique("policy_number", keep="last", maintain_order=True)
        .select("policy_number", *(pl.col(name).alias(f"_latest_{name}") for name in names))
    )
    stored = stored_terms.group_by("policy_number").agg(_stored_date=pl.col("effective_date").max())
    return (
        taken.join(latest, on="policy_number", how="left", maintain_order="left")
        .join(stored, on="policy_number", how="left", maintain_order="left")
        .with_columns(
            *(pl.coalesce(f"_latest_{name}", name).alias(name) for name in names[1:]),
            is_payer_outdated=(pl.col("_latest_effective_date") < pl.col("_stored_date")).fill_null(
                value=False
            ),
        )
        .drop(pl.selectors.starts_with("_latest_"), "_stored_date")
    )


def payers_with_bad_email(rows: pl.DataFrame) -> pl.Series:
    """Return the keys of payers of whom an accepted row gives an e-mail that cannot be delivered to.

    >>> row = {"row_number": 1, "payer_key": "K", "status": "accepted", "is_email_bad": True}
    >>> rows = pl.DataFrame([row | {"payer_rows": None}], schema_overrides={"payer_rows": pl.List(PAYER_ROW)})
    >>> payers_with_bad_email(rows).to_list()
    ['K']
    """
    is_bad = (pl.col("is_email_bad"), pl.col("status") == "accepted")
    keys = [each.filter(*is_bad)["payer_key"] for each in (rows, further_payers(rows))]
    return pl.concat(keys).unique()


def with_known_emails(rows: pl.DataFrame, known: pl.DataFrame) -> pl.DataFrame:
    """Return ``rows`` with the known e-mail of each payer whose file gives one that cannot be delivered to.

    ``known`` has ``payer_key`` and ``payer_content`` (JSON) of those payers, as the store has them. All rows
    of such a payer that have no e-mail take it, so that they go on to agree. A payer without a key of its own
    is whoever the policy names: another name is another person, who does not get the address.

    >>> rows = pl.DataFrame(
    ...     {
    ...         "payer_key": ["K"],
    ...         "status": ["accepted"],
    ...         "has_email": [False],
    ...         "is_payer_keyed": [True],
    ...         "payer_content": ['{"email":"","name":"Ann"}'],
    ...         "payer_sha256": [""],
    ...         "row_number": [1],
    ...         "payer_rows": [None],
    ...     },
    ...     schema_overrides={"payer_rows": pl.List(PAYER_ROW)},
    ... )
    >>> known = pl.DataFrame(
    ...     {"payer_key": ["K"], "payer_content": ['{"email":"ann@example.com","name":"A"}']}
    ... )
    >>> with_known_emails(rows, known)["payer_content"].item()
    '{"email":"ann@example.com","name":"Ann"}'
    """
    own = _with_known(rows, known)
    further = further_payers(rows)
    if further.is_empty():
        return own
    return _nested(own, _with_known(further, known))


def _nested(rows: pl.DataFrame, further: pl.DataFrame) -> pl.DataFrame:
    """Return the rows with what is known now of the payers that they have beside the first."""
    names = [field.name for field in PAYER_ROW.fields]
    first = rows_of(rows, "payer_rows", "row_number").filter(pl.col("payer_number") == 1)
    every = pl.concat([first.select("row_number", *names), further.select("row_number", *names)])
    lists = every.sort("row_number", "payer_number").group_by("row_number").agg(payer_rows=pl.struct(names))
    return (
        rows.drop("payer_rows")
        .join(lists, on="row_number", how="left", maintain_order="left")
        .select(rows.columns)
    )


def _with_known(rows: pl.DataFrame, known: pl.DataFrame) -> pl.DataFrame:
    """Return payers with the e-mail that is known of them, where their own row has none."""
    stored_payers = ((key, json.loads(content)) for key, content in known.rows())
    payers = {key: payer for key, payer in stored_payers if payer["email"]}
    return _with_emails(rows, payers, (pl.col("status") == "accepted") & ~pl.col("has_email"))


def with_emails_of_file(rows: pl.DataFrame) -> pl.DataFrame:
    """Return ``rows`` with the good e-mail that a payer has in other rows in the place of one that is bad.

    The address that can be delivered to is then what the file says of the payer, first or further, and its
    rows agree; those with the bad one keep ``is_email_bad``. A payer of whom the file gives two good ones has
    none to take.

    >>> rows = pl.DataFrame(
    ...     {
    ...         "row_number": [1, 2],
    ...         "payer_key": "K",
    ...         "problem_code": None,
    ...         "has_email": [True, False],
    ...         "is_email_bad": [False, True],
    ...         "is_payer_keyed": True,
    ...         "payer_content": ['{"email":"ann@example.com","name":"A"}', '{"email":"","name":"A"}'],
    ...         "payer_sha256": ["", ""],
    ...         "payer_rows": [None, None],
    ...     },
    ...     schema_overrides={"payer_rows": pl.List(PAYER_ROW)},
    ... )
    >>> with_emails_of_file(rows)["payer_content"].n_unique()
    1
    """
    further = further_payers(rows)
    if not (rows["is_email_bad"].any() or further["is_email_bad"].any()):
        return rows
    payers = _only_emails([rows, further])
    own = _with_only_emails(rows, payers)
    return own if further.is_empty() else _nested(own, _with_only_emails(further, payers))


_IS_BAD_OF_FILE = pl.col("is_email_bad") & pl.col("problem_code").is_null()


def _only_emails(stated: list[pl.DataFrame]) -> dict[str, dict[str, str]]:
    """Return by key the payers that have a bad e-mail somewhere, and elsewhere one and the same good one."""
    names = ("payer_key", "payer_content", "problem_code", "has_email", "is_email_bad")
    every = pl.concat(each.select(names) for each in stated)
    good = every.filter(pl.col("has_email"), pl.col("problem_code").is_null()).join(
        every.filter(_IS_BAD_OF_FILE).select("payer_key").unique(), on="payer_key", how="semi"
    )
    found: dict[str, dict[str, dict[str, str]]] = {}
    for key, content in good.select("payer_key", "payer_content").unique(maintain_order=True).rows():
        payer = json.loads(content)
        found.setdefault(key, {})[payer["email"]] = payer
    return {key: next(iter(emails.values())) for key, emails in found.items() if len(emails) == 1}


def _with_only_emails(rows: pl.DataFrame, payers: Mapping[str, Mapping[str, str]]) -> pl.DataFrame:
    filled = _with_emails(rows, payers, _IS_BAD_OF_FILE)
    is_filled = filled["payer_content"].ne_missing(rows["payer_content"])
    return filled.with_columns(has_email=pl.col("has_email") | is_filled)


def _with_emails(
    rows: pl.DataFrame, payers: Mapping[str, Mapping[str, str]], is_wanted: pl.Expr
) -> pl.DataFrame:
    """Return ``rows``, those that ``is_wanted`` with the e-mail of their payer in ``payers``, by key."""
    keys = pl.Series(list(payers), dtype=pl.String).implode()
    places = rows.select((is_wanted & pl.col("payer_key").is_in(keys)).arg_true()).to_series()
    contents = []
    for key, content, is_keyed in (
        rows.select("payer_key", "payer_content", "is_payer_keyed").gather(places).rows()
    ):
        given, stored = json.loads(content), payers[key]
        if is_keyed or given["name"] == stored["name"]:
            given["email"] = stored["email"]
        contents.append(json.dumps(given, ensure_ascii=False, sort_keys=True, separators=(",", ":")))
    return rows.with_columns(
        rows["payer_content"].scatter(places, contents),
        rows["payer_sha256"].scatter(places, hashes(pl.Series(contents, dtype=pl.String))),
    )
