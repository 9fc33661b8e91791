"""The frozen record of a document, as one text that is hashed.

Belongs here: the text and its hash. The same text is built by a query in ``store.checks``, which is
how an audit proves that an issued document is unchanged.
Does not belong here: how a document looks.

One line for the head, one per invoice line, one per tax; fields are joined by ``|``. Payer, policy term,
company and template enter by the hash of their own frozen rows.
"""

from hashlib import sha256

import polars as pl

HEAD = (
    "document_kind",
    "company_id",
    "document_number",
    "issue_date",
    "due_date",
    "tax_point_date",
    "currency",
    "net_minor",
    "tax_minor",
    "total_minor",
    "payer_sha256",
    "company_sha256",
    "template_sha256",
)
LINE = (
    "line_number",
    "term_sha256",
    "charge_kind",
    "installment_number",
    "installment_count",
    "revision",
    "period_from_date",
    "period_to_date",
    "net_minor",
    "tax_minor",
)
TAX = ("tax_number", "tax_code", "category_code", "rate_ppm", "base_minor", "tax_minor")


def snapshot_hashes(heads: pl.DataFrame, lines: pl.DataFrame, taxes: pl.DataFrame) -> pl.Series:
    """Return the SHA-256 (hex) of each document's frozen record, in the order of ``heads``.

    ``heads`` has ``HEAD`` and ``draft_index``; ``lines`` and ``taxes`` have theirs and come sorted by
    ``draft_index`` and number.

    >>> heads = pl.DataFrame([{**dict.fromkeys(HEAD, "h"), "draft_index": 0}])
    >>> lines = pl.DataFrame([{**dict.fromkeys(LINE, "l"), "draft_index": 0}])
    >>> taxes = pl.DataFrame([{**dict.fromkeys(TAX, "t"), "draft_index": 0}])
    >>> snapshot_hashes(heads, lines, taxes).item()[:16]
    '8000865dee68e365'
    """
    texts = heads.select(pl.concat_str(*HEAD, separator="|")).to_series().to_list()
    position = dict(zip(heads["draft_index"].to_list(), range(heads.height), strict=True))
    for part, word, columns in ((lines, "line", LINE), (taxes, "tax", TAX)):
        rows = part.select(pl.concat_str(pl.lit(f"\n{word}"), *columns, separator="|")).to_series()
        for index, row in zip(part["draft_index"].to_list(), rows.to_list(), strict=True):
            texts[position[index]] += row
    hashes = [sha256(text.encode()).hexdigest() for text in texts]
    return pl.Series("snapshot_sha256", hashes, dtype=pl.String)
