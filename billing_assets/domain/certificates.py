"""The completeness certificate of a run: what was due, what became of it, and that both sides agree.

Belongs here: what a certificate says, and its ties with both sides.
Does not belong here: the counting (``store.certificates``, ``frames.term_counts``), its text and its hash
(``certificate_files``), how it is shown.

Whether a run is complete is never assumed: each tie holds two figures that were counted apart from each
other, and a run is complete exactly where they agree in every tie. A certificate holds counts, amounts,
numbers of documents and hashes, never a name or an address.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Any, TypeAlias

from billing_assets.domain.invoices import DocumentKind
from billing_assets.domain.money import amount_text
from billing_assets.domain.runs import CurrencyTotal, Outcome

CERTIFICATE_FORMAT = 1

TERM_OUTCOMES = (Outcome.ZERO, Outcome.INVOICED, Outcome.HELD, Outcome.FAILED)
"""What a due term can come to: with charges of several outcomes it counts once, as the last of them here."""


class Phase(StrEnum):
    """Where a term of the book stands on a billing date."""

    NOT_BEGUN = "not_begun"
    IN_FORCE = "in_force"
    ENDED = "ended"
    FAR_AHEAD = "far_ahead"
    BEFORE_CUT_OVER = "before_cut_over"


OUT_OF_REACH = (Phase.FAR_AHEAD, Phase.BEFORE_CUT_OVER)
"""Terms that nothing can be due of: a run counts them and does not read them."""

NOT_DUE: Mapping[Phase, str] = MappingProxyType(
    {
        Phase.NOT_BEGUN: "the term begins after the date, and no installment has its billing date yet",
        Phase.IN_FORCE: "in force, with no installment to bill on the date that is not settled already",
        Phase.ENDED: "the term has ended, and nothing of it is left to bill",
        Phase.FAR_AHEAD: "the term begins later than any plan bills ahead",
        Phase.BEFORE_CUT_OVER: "the term ended so long before the cut-over that others have billed it",
    }
)
"""Why a term is not due, as far as its dates tell."""

TIES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "shards": ("shards of the run", "shards that read exactly the terms of the book in their range"),
        "terms_read": ("terms of the book that can be due", "terms that the shards read"),
        "premium_read": ("written premium of these terms", "written premium that the shards read"),
        "terms_due": ("terms that the shards found due", "terms with an outcome"),
        "charges_planned": ("charges of the plan", "charges with an outcome"),
        "net_planned": ("net of the plan", "net of the charges with an outcome"),
        "charges_committed": ("charges that the shards committed", "charges with an outcome"),
        "documents_committed": ("documents that the shards committed", "documents of the run"),
        "net_invoiced": ("net of the invoiced charges", "net of the invoices, with the tax in their prices"),
        "net_credited": ("net that the charges give back", "net of the credit notes"),
    }
)
"""Tie -> what its two sides are: what was expected, and what was found."""


_Tie: TypeAlias = tuple[str, str, int, int]
_OF_MONEY = frozenset({"premium_read", "net_planned", "net_invoiced", "net_credited"})


@dataclass(frozen=True, slots=True, kw_only=True)
class TermCount:
    """Terms of one shard, currency and phase; ``shard_number`` None: they lie in no shard.

    ``term_id_sum`` tells apart terms that are as many and as dear; ``due_term_count`` is 0 where the book
    is counted, which does not know what is due.
    """

    shard_number: int | None
    currency: str
    phase: Phase
    term_count: int
    premium_minor: int
    term_id_sum: int
    due_term_count: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateFacts:
    """What a certificate is made of, each counted by itself.

    ``run``, ``book`` and ``earlier_runs`` are taken over as they are. ``book_terms`` are counted over the
    whole book, ``shard_terms`` by each shard as it read. ``committed`` is (shards, charges, documents) by the
    checkpoints, and ``shard_count`` the shards of the plan. ``charges`` are (outcome, reason, currency,
    count, net), ``documents`` (kind, currency, count, net, tax, total), ``contained_tax`` by currency the tax
    in the prices of the invoices' lines; ``term_outcomes`` counts each due term once.
    """

    run: Mapping[str, Any]
    book: Mapping[str, Any]
    earlier_runs: Sequence[Mapping[str, Any]]
    shard_count: int
    committed: tuple[int, int, int]
    plan_sha256: str
    plan_totals: Sequence[CurrencyTotal]
    book_terms: Sequence[TermCount]
    shard_terms: Sequence[TermCount]
    term_outcomes: Mapping[Outcome, int]
    charges: Sequence[tuple[Outcome, str, str, int, int]]
    documents: Sequence[tuple[DocumentKind, str, int, int, int, int]]
    contained_tax: Mapping[str, int]
    numbers: Sequence[tuple[str, str]]


def side_text(tie: Mapping[str, Any], side: str) -> str:
    """Return one side of a tie as people read it: an amount of money, or a count, of a currency or of all.

    >>> side_text({"tie": "net_planned", "currency": "EUR", "found": 123456}, "found")
    '1,234.56 EUR'
    >>> side_text({"tie": "terms_read", "currency": "EUR", "found": 1234}, "found")
    '1,234 in EUR'
    """
    figure, currency = int(tie[side]), tie["currency"]
    if tie["tie"] in _OF_MONEY:
        return amount_text(figure, currency)
    return f"{figure:,} in {currency}" if currency else f"{figure:,}"


def build_certificate(facts: CertificateFacts) -> dict[str, Any]:
    """Return the certificate as plain data; amounts are minor units beside their currency.

    >>> names = ("book", "contained_tax", "earlier_runs", "plan_totals", "charges", "documents", "numbers")
    >>> nothing = dict.fromkeys((*names, "book_terms", "shard_terms"), {})
    >>> facts = CertificateFacts(
    ...     **nothing,
    ...     run={"run_id": 3},
    ...     shard_count=1,
    ...     committed=(1, 0, 0),
    ...     plan_sha256="ab",
    ...     term_outcomes=dict.fromkeys(TERM_OUTCOMES, 0),
    ... )
    >>> build_certificate(facts)["is_complete"]
    True
    """
    ties = _ties(facts)
    return {
        "format": CERTIFICATE_FORMAT,
        "is_complete": all(tie["is_equal"] for tie in ties),
        "run": dict(facts.run),
        "book": {**facts.book, "terms": _book_rows(facts.book_terms)},
        "due": {
            "plan_sha256": facts.plan_sha256,
            "term_count": sum(row.due_term_count for row in facts.shard_terms),
            "charge_count": sum(total.charge_count for total in facts.plan_totals),
            "net": _amounts((total.currency, total.net_minor) for total in facts.plan_totals),
            "not_due_terms": _not_due(facts),
        },
        "outcomes": {
            "terms": {outcome.value: facts.term_outcomes[outcome] for outcome in TERM_OUTCOMES},
            "charges": [
                {
                    "outcome": outcome.value,
                    "reason_code": reason,
                    "currency": currency,
                    "charge_count": count,
                    "net_minor": net,
                }
                for outcome, reason, currency, count, net in facts.charges
            ],
        },
        "documents": [
            {
                "document_kind": kind.value,
                "currency": currency,
                "document_count": count,
                "net_minor": net,
                "tax_minor": tax,
                "total_minor": total,
            }
            for kind, currency, count, net, tax, total in facts.documents
        ],
        "numbers": [{"first": first, "last": last} for first, last in facts.numbers],
        "earlier_runs": [dict(run) for run in facts.earlier_runs],
        "ties": ties,
    }


def _ties(facts: CertificateFacts) -> list[dict[str, Any]]:
    """Return each tie with its two sides; those of money and of the book stand currency by currency."""
    rows = [*_whole_ties(facts), *_book_ties(facts), *_charge_ties(facts), *_document_ties(facts)]
    order = list(TIES)
    return [
        {
            "tie": tie,
            "currency": currency,
            "expected": expected,
            "found": found,
            "is_equal": expected == found,
        }
        for tie, currency, expected, found in sorted(rows, key=lambda row: (order.index(row[0]), row[1]))
    ]


def _whole_ties(facts: CertificateFacts) -> Iterable[_Tie]:
    shards, charges, documents = facts.committed
    exact = shards - _differing_shards(_readable(facts), facts.shard_terms)
    due_count = sum(row.due_term_count for row in facts.shard_terms)
    yield "shards", "", facts.shard_count, exact
    yield "terms_due", "", due_count, sum(facts.term_outcomes.values())
    yield "charges_committed", "", charges, sum(row[3] for row in facts.charges)
    yield "documents_committed", "", documents, sum(row[2] for row in facts.documents)


def _book_ties(facts: CertificateFacts) -> Iterable[_Tie]:
    for tie, figure in (("terms_read", "term_count"), ("premium_read", "premium_minor")):
        expected, found = (
            _sums((row.currency, getattr(row, figure)) for row in terms)
            for terms in (_readable(facts), facts.shard_terms)
        )
        yield from _by_currency(tie, expected, found)


def _charge_ties(facts: CertificateFacts) -> Iterable[_Tie]:
    planned, charged = facts.plan_totals, facts.charges
    counts = _sums((total.currency, total.charge_count) for total in planned)
    nets = _sums((total.currency, total.net_minor) for total in planned)
    yield from _by_currency("charges_planned", counts, _sums((row[2], row[3]) for row in charged))
    yield from _by_currency("net_planned", nets, _sums((row[2], row[4]) for row in charged))


def _document_ties(facts: CertificateFacts) -> Iterable[_Tie]:
    for tie, outcome, kind, beside in (
        ("net_invoiced", Outcome.INVOICED, DocumentKind.INVOICE, facts.contained_tax),
        ("net_credited", Outcome.CREDITED, DocumentKind.CREDIT_NOTE, {}),
    ):
        charged = _sums((row[2], kind.sign * row[4]) for row in facts.charges if row[0] is outcome)
        documented = [(row[1], row[3]) for row in facts.documents if row[0] is kind]
        yield from _by_currency(tie, charged, _sums([*documented, *beside.items()]))


def _readable(facts: CertificateFacts) -> list[TermCount]:
    return [row for row in facts.book_terms if row.phase not in OUT_OF_REACH]


def _by_currency(tie: str, expected: Mapping[str, int], found: Mapping[str, int]) -> Iterable[_Tie]:
    for currency in sorted({*expected, *found}):
        yield tie, currency, expected.get(currency, 0), found.get(currency, 0)


def _differing_shards(book: Sequence[TermCount], read: Sequence[TermCount]) -> int:
    """Return how many shards read anything else than what the book has in their range."""
    expected, found = _by_shard(book), _by_shard(read)
    return sum(expected.get(shard) != found.get(shard) for shard in {*expected, *found} - {None})


def _by_shard(terms: Sequence[TermCount]) -> dict[int | None, dict[tuple[str, Phase], tuple[int, int, int]]]:
    shards: dict[int | None, dict[tuple[str, Phase], tuple[int, int, int]]] = {}
    for row in terms:
        figures = (row.term_count, row.premium_minor, row.term_id_sum)
        shards.setdefault(row.shard_number, {})[row.currency, row.phase] = figures
    return shards


def _sums(rows: Iterable[tuple[str, int]]) -> dict[str, int]:
    sums: dict[str, int] = {}
    for currency, amount in rows:
        sums[currency] = sums.get(currency, 0) + amount
    return sums


def _amounts(rows: Iterable[tuple[str, int]]) -> list[dict[str, Any]]:
    return [{"currency": currency, "net_minor": net} for currency, net in sorted(_sums(rows).items())]


def _book_rows(terms: Sequence[TermCount]) -> list[dict[str, Any]]:
    counts = _sums((row.currency, row.term_count) for row in terms)
    premiums = _sums((row.currency, row.premium_minor) for row in terms)
    return [
        {"currency": currency, "term_count": counts[currency], "premium_minor": premiums[currency]}
        for currency in sorted(counts)
    ]


def _not_due(facts: CertificateFacts) -> list[dict[str, Any]]:
    """Return the terms of the book that are not due, by why."""
    due = _sums((row.phase.value, row.due_term_count) for row in facts.shard_terms)
    found = _sums((row.phase.value, row.term_count) for row in facts.book_terms)
    left = {phase: found.get(phase, 0) - due.get(phase, 0) for phase in Phase}
    return [{"reason_code": phase.value, "term_count": count} for phase, count in left.items() if count]
