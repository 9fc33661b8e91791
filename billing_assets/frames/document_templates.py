"""The template of each document of a shard.

Belongs here: product, place and language of documents, and a template for each. Does not belong here: which
template is preferred (``domain.template_choice``), reading the traits (``store``).
"""

from dataclasses import dataclass

import polars as pl

from billing_assets.domain.template_choice import FrozenTemplate, TemplateChoice

_TRAITS = ("product_code", "place_code", "language")


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentTemplates:
    """The template versions that documents freeze: one for all, or one for each, in their order."""

    version_ids: int | pl.Series
    hashes: str | pl.Series


def one_template(template: FrozenTemplate) -> DocumentTemplates:
    """Return the template of all documents.

    >>> one_template(FrozenTemplate(template_version_id=3, template_sha256="d")).version_ids
    3
    """
    return DocumentTemplates(version_ids=template.template_version_id, hashes=template.template_sha256)


def document_traits(
    documents: pl.DataFrame,
    lines: pl.DataFrame,
    terms: pl.DataFrame | None = None,
    languages: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """Return product, place and language of each document, in the order of ``documents``; null: not asked.

    ``terms`` has ``policy_term_version_id``, ``product_code`` and ``place_code``; ``languages`` has
    ``payer_version_id`` and ``language``. A document of several products, or places, is of none: null.

    >>> documents = pl.DataFrame({"draft_index": [0, 1], "payer_version_id": [7, 7]})
    >>> lines = pl.DataFrame({"draft_index": [0, 1, 1], "policy_term_version_id": [1, 1, 2]})
    >>> versions = {
    ...     "policy_term_version_id": [1, 2],
    ...     "product_code": ["car", "van"],
    ...     "place_code": ["ES"] * 2,
    ... }
    >>> document_traits(documents, lines, pl.DataFrame(versions)).rows()
    [('car', 'ES', None), (None, 'ES', None)]
    """
    found = documents.select("draft_index", "payer_version_id")
    if terms is not None:
        of_terms = (
            lines.select("draft_index", "policy_term_version_id")
            .join(terms, on="policy_term_version_id", how="left")
            .group_by("draft_index")
            .agg(_only("product_code"), _only("place_code"))
        )
        found = found.join(of_terms, on="draft_index", how="left", maintain_order="left")
    if languages is not None:
        found = found.join(languages, on="payer_version_id", how="left", maintain_order="left")
    missing = [pl.lit(None, dtype=pl.String).alias(name) for name in _TRAITS if name not in found.columns]
    return found.with_columns(missing).select(_TRAITS)


def templates_by_traits(traits: pl.DataFrame, choice: TemplateChoice) -> DocumentTemplates:
    """Return the template of each row of ``traits``.

    Traits of many documents are few: each mixture is looked at once.

    >>> from billing_assets.domain.template_choice import ScopedTemplate, TemplateScope
    >>> shipped, own = (FrozenTemplate(template_version_id=n, template_sha256=str(n)) for n in (1, 2))
    >>> cars = ScopedTemplate(scope=TemplateScope(product_codes=("car",)), template=own)
    >>> choice = TemplateChoice(general=shipped, scoped=(cars,))
    >>> rows = {"product_code": ["van", "car"], "place_code": ["ES"] * 2, "language": [None] * 2}
    >>> templates_by_traits(pl.DataFrame(rows), choice).hashes.to_list()
    ['1', '2']
    """
    mixtures = traits.select(_TRAITS).unique()
    chosen = [choice.of(*row) for row in mixtures.iter_rows()]
    frozen = mixtures.with_columns(
        template_version_id=pl.Series([each.template_version_id for each in chosen], dtype=pl.Int64),
        template_sha256=pl.Series([each.template_sha256 for each in chosen], dtype=pl.String),
    )
    joined = traits.join(frozen, on=_TRAITS, how="left", nulls_equal=True, maintain_order="left")
    return DocumentTemplates(version_ids=joined["template_version_id"], hashes=joined["template_sha256"])


def recorded_hashes(recorded: pl.DataFrame, count: int) -> pl.Series:
    """Return the hash of the template that each of ``count`` documents of a shard froze, in their order.

    ``recorded`` has ``invoice_number`` and ``template_sha256``. Where fewer documents are recorded than there
    are now, what has no place there is given the first one's: it is named as a difference anyway.

    >>> recorded_hashes(pl.DataFrame({"invoice_number": [8, 7], "template_sha256": ["b", "a"]}), 3).to_list()
    ['a', 'b', 'a']
    """
    known = recorded.sort("invoice_number")["template_sha256"].head(count)
    return known.extend_constant(known[0], count - known.len())


def _only(name: str) -> pl.Expr:
    """Return what all rows of a group have, or null where they differ."""
    return pl.when(pl.col(name).n_unique() == 1).then(pl.col(name).first()).alias(name)
