"""Suspense: why nobody owns a payment, and which open documents it may be for.

Belongs here: reasons and candidates over whole frames. Does not belong here: giving it an owner (a person
does, or ``frames.allocation`` by what the payer wrote). A candidate is never taken by itself.
"""

import polars as pl

from billing_assets.domain.allocation import SuspenseReason

MOST_CANDIDATES = 5
"""So many candidates of a payment are shown."""

_ACCENTS = {
    "Á": "A",
    "É": "E",
    "Í": "I",
    "Ó": "O",
    "Ú": "U",
    "Ü": "U",
    "Ñ": "N",
    "Ç": "C",
    "Ä": "A",
    "Ö": "O",
}


def name_key(name: pl.Expr) -> pl.Expr:
    """Return a name as it is compared: capitals without accents, its words in order of the alphabet.

    >>> names = pl.DataFrame({"n": ["García, Ana", "ana GARCIA"]})
    >>> names.select(name_key(pl.col("n"))).to_series().to_list()
    ['ANA GARCIA', 'ANA GARCIA']
    """
    capitals = name.str.to_uppercase().str.replace_many(_ACCENTS).str.replace_all(r"[^A-Z0-9 ]", " ")
    return capitals.str.extract_all(r"[A-Z0-9]+").list.sort().list.join(" ")


def suspense_reasons(payments: pl.DataFrame, documents: pl.DataFrame) -> pl.DataFrame:
    """Return payment_id and reason_code of payments without an owner.

    ``payments`` have payment_id, currency, document_keys and has_wrong_reference; ``documents``, those that
    they name, open or not, have document_key, payer_id, currency, open_minor.

    >>> payments = pl.DataFrame(
    ...     {
    ...         "payment_id": [1, 2, 3],
    ...         "currency": ["EUR"] * 3,
    ...         "document_keys": [[], ["INV1"], ["INV9"]],
    ...         "has_wrong_reference": [False, False, False],
    ...     }
    ... )
    >>> paid = {"document_key": ["INV1"], "payer_id": [7], "currency": ["EUR"], "open_minor": [0]}
    >>> suspense_reasons(payments, pl.DataFrame(paid))["reason_code"].to_list()
    ['no_reference', 'document_paid', 'unknown_document']
    """
    named = (
        payments.select("payment_id", "document_keys", payment_currency="currency")
        .explode("document_keys", empty_as_null=True)
        .join(documents, left_on="document_keys", right_on="document_key")
        .with_columns(is_of_currency=pl.col("payment_currency") == pl.col("currency"))
        .group_by("payment_id")
        .agg(
            has_open=((pl.col("open_minor") > 0) & pl.col("is_of_currency")).any(),
            has_currency=pl.col("is_of_currency").any(),
        )
    )
    said = pl.col("document_keys").list.len() > 0
    return payments.join(named, on="payment_id", how="left", maintain_order="left").select(
        "payment_id",
        reason_code=pl.when(pl.col("has_open"))
        .then(pl.lit(SuspenseReason.SEVERAL_PAYERS.value))
        .when(pl.col("has_currency"))
        .then(pl.lit(SuspenseReason.DOCUMENT_PAID.value))
        .when(pl.col("has_currency").is_not_null())
        .then(pl.lit(SuspenseReason.CURRENCY_DIFFERS.value))
        .when(pl.col("has_wrong_reference"))
        .then(pl.lit(SuspenseReason.WRONG_REFERENCE.value))
        .when(said)
        .then(pl.lit(SuspenseReason.UNKNOWN_DOCUMENT.value))
        .otherwise(pl.lit(SuspenseReason.NO_REFERENCE.value)),
    )


def candidates(payments: pl.DataFrame, documents: pl.DataFrame) -> pl.DataFrame:
    """Return open documents that payments may be for, best first, at most ``MOST_CANDIDATES`` of each.

    ``payments`` have payment_id, currency, free_minor, payer_name and remittance_text; ``documents`` have
    invoice_id, document_number, payer_id, payer_key, payer_name, currency, due_date and open_minor. Beside
    these a row has ``is_same_amount``, ``is_same_name`` and ``is_named``: the text holds the digits of the
    number. One of them at least is so; of equal ones the oldest due comes first.

    >>> from datetime import date
    >>> paid = {
    ...     "payment_id": 1,
    ...     "currency": "EUR",
    ...     "free_minor": 100,
    ...     "payer_name": "Ana",
    ...     "remittance_text": "",
    ... }
    >>> bill = {"invoice_id": 5, "document_number": "INV-00000005", "payer_id": 7, "payer_key": "K7"}
    >>> more = {"payer_name": "ANA", "currency": "EUR", "due_date": date(2024, 1, 1), "open_minor": 100}
    >>> found = candidates(pl.DataFrame([paid]), pl.DataFrame([bill | more]))
    >>> found.select("invoice_id", "is_same_amount", "is_same_name", "is_named").rows()
    [(5, True, True, False)]
    """
    digits = pl.col("document_number").str.extract(r"([0-9]+)$").str.strip_chars_start("0")
    document = documents.with_columns(name_key=name_key(pl.col("payer_name")), number_key=digits).drop(
        "payer_name"
    )
    payment = payments.select(
        "payment_id",
        "currency",
        "free_minor",
        "remittance_text",
        paid_name_key=name_key(pl.col("payer_name")),
    )
    numbers = payment.with_columns(
        number_key=pl.col("remittance_text")
        .str.extract_all(r"[0-9]{3,}")
        .list.eval(pl.element().str.strip_chars_start("0"))
    ).explode("number_key", empty_as_null=True)
    found = [
        payment.join(
            document, left_on=["currency", "free_minor"], right_on=["currency", "open_minor"], coalesce=False
        ),
        payment.filter(pl.col("paid_name_key") != "").join(
            document, left_on=["currency", "paid_name_key"], right_on=["currency", "name_key"], coalesce=False
        ),
        numbers.join(document, on=["currency", "number_key"], coalesce=False),
    ]
    keys = pl.concat([each.select("payment_id", "invoice_id") for each in found]).unique()
    return _ranked(
        keys.join(payment, on="payment_id").join(document.drop("currency"), on="invoice_id"), numbers
    )


def _ranked(pairs: pl.DataFrame, numbers: pl.DataFrame) -> pl.DataFrame:
    said = (
        numbers.select("payment_id", "number_key")
        .drop_nulls()
        .unique()
        .with_columns(is_named=pl.lit(value=True))
    )
    marks = ("is_named", "is_same_name", "is_same_amount")
    marked = pairs.join(said, on=["payment_id", "number_key"], how="left").with_columns(
        pl.col("is_named").fill_null(value=False),
        is_same_amount=pl.col("free_minor") == pl.col("open_minor"),
        is_same_name=(pl.col("paid_name_key") == pl.col("name_key")) & (pl.col("name_key") != ""),
    )
    weight = pl.sum_horizontal(pl.col(name).cast(pl.Int64) for name in marks)
    ordered = marked.with_columns(weight=weight).sort(
        "payment_id", "weight", "due_date", "invoice_id", descending=[False, True, False, False]
    )
    first = ordered.group_by("payment_id", maintain_order=True).head(MOST_CANDIDATES)
    names = ("document_number", "payer_id", "payer_key", "currency", "due_date", "open_minor")
    return first.select("payment_id", "invoice_id", *names, *marks)
