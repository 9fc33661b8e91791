"""Which charges stand on one document.

Belongs here: the keys of documents, and the order of charges that keeps those of a document together.
Does not belong here: what a document comes to (``invoices``), which plans bill by payer
(``domain.payment_plans``).
"""

from collections.abc import Mapping
from types import MappingProxyType

import polars as pl

from billing_assets.domain.charges import PREMIUM
from billing_assets.domain.payment_plans import BillPer
from billing_assets.domain.runs import CatchUp

DOCUMENT_KEYS: Mapping[CatchUp, tuple[str, ...]] = MappingProxyType(
    {CatchUp.PER_PERIOD: ("policy_term_id", "due_date"), CatchUp.ONE_INVOICE: ("policy_term_id",)}
)
"""What charges share that are billed together or not at all; each payer of a term has a document of them."""

_OWNER = ("owner_term_id", "owner_payer_id", "owner_place_code", "currency", "minimum_payment_days")
"""What they share where some documents are of payers: each names either its term or its payer."""

_IN_ORDER = (
    "policy_number",
    "policy_term_id",
    "payer_number",
    "due_date",
    "installment_number",
    pl.col("charge_kind") != PREMIUM.charge_kind,
    "charge_number",
)
"""The order of charges on a document of several periods or policies."""


def payer_plan_ids(plans: pl.DataFrame) -> frozenset[int]:
    """Return the ids of the plan rows (``columns.PLAN_SCHEMA``) that gather the policies of a payer.

    >>> payer_plan_ids(pl.DataFrame({"payment_plan_id": [1, 2], "bill_per": ["policy", "payer"]}))
    frozenset({2})
    """
    return frozenset(plans.filter(pl.col("bill_per") == BillPer.PAYER.value)["payment_plan_id"])


def document_key(catch_up: CatchUp, payer_plans: frozenset[int] = frozenset()) -> tuple[str, ...]:
    """Return the columns that charges share which stand on one document, once :func:`with_owners` has them.

    >>> document_key(CatchUp.ONE_INVOICE)
    ('policy_term_id',)
    """
    if not payer_plans:
        return DOCUMENT_KEYS[catch_up]
    return _OWNER if catch_up is CatchUp.ONE_INVOICE else (*_OWNER, "due_date")


def with_owners(due: pl.DataFrame, payer_plans: frozenset[int]) -> pl.DataFrame:
    """Add the columns ``owner_*`` of :func:`document_key` where there are plan rows that bill by payer.

    >>> ids = {"payment_plan_id": [1, 2], "policy_term_id": [7, 8], "payer_id": 3, "payer_number": 0}
    >>> due = pl.DataFrame(ids)
    >>> owned = with_owners(due.with_columns(place_code=pl.lit("ES")), frozenset({2}))
    >>> owned.select("owner_term_id", "owner_payer_id").rows()
    [(7, None), (None, 3)]
    """
    if not payer_plans:
        return due
    # Of a term with several payers each has documents of the term: their other policies lie in other shards.
    has_one_payer = pl.col("payer_number").fill_null(0) == 0
    is_of_payer = pl.col("payment_plan_id").is_in(list(payer_plans)).fill_null(value=False) & has_one_payer
    return due.with_columns(
        owner_term_id=pl.when(~is_of_payer).then("policy_term_id"),
        owner_payer_id=pl.when(is_of_payer).then("payer_id"),
        owner_place_code=pl.when(is_of_payer).then("place_code"),
    )


def by_document(
    due: pl.DataFrame, catch_up: CatchUp, payer_plans: frozenset[int] = frozenset()
) -> tuple[pl.DataFrame, tuple[str, ...]]:
    """Return the charges so that those of one document lie together, and the columns that they share.

    ``due`` has ``columns.DUE_SCHEMA``, sorted. Charges by the plan rows ``payer_plans`` share a document with
    all of their payer that have the same currency, place of risk and days to pay, and the same due date
    unless one invoice catches all up; they come after the others.

    >>> row = {"charge_kind": "premium", "charge_number": 0, "installment_number": 1, "due_date": 1}
    >>> row |= {
    ...     "payer_id": 3,
    ...     "payer_number": 0,
    ...     "place_code": "ES",
    ...     "currency": "EUR",
    ...     "minimum_payment_days": 14,
    ... }
    >>> terms = [("P-1", 7, 1), ("P-2", 8, 2), ("P-3", 9, 2)]
    >>> names = ("policy_number", "policy_term_id", "payment_plan_id")
    >>> due = pl.DataFrame([row | dict(zip(names, term, strict=True)) for term in terms])
    >>> ordered, key = by_document(due, CatchUp.PER_PERIOD, frozenset({2}))
    >>> ordered.group_by(key, maintain_order=True).agg("policy_number")["policy_number"].to_list()
    [['P-1'], ['P-2', 'P-3']]
    """
    key = document_key(catch_up, payer_plans)
    owned = with_owners(due, payer_plans)
    if not payer_plans:
        return _caught_up(owned, catch_up), key
    is_gathered = pl.col("owner_term_id").is_null()
    gathered = owned.filter(is_gathered).sort(*key, *_IN_ORDER)
    return pl.concat([_caught_up(owned.filter(~is_gathered), catch_up), gathered]), key


def _caught_up(due: pl.DataFrame, catch_up: CatchUp) -> pl.DataFrame:
    return due.sort(_IN_ORDER) if catch_up is CatchUp.ONE_INVOICE else due
