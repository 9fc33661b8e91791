"""The completeness certificate of a run: what was due, what became of it, and that both sides agree.

Belongs here: what a certificate says, its ties with both sides, its canonical text, an exported file.
Does not belong here: the counting (``store.certificates``, ``frames.term_counts``), how it is shown.

Whether a run is complete is never assumed: each tie holds two figures that were counted apart from each
other, and a run is complete exactly where they agree in every tie. A certificate holds counts, amounts,
numbers of documents and hashes, never a name or an address.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from types import MappingProxyType
from typing import Any

from billing_assets.domain.errors import BillingError
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


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptCertificate:
    """A certificate as the store keeps it: its canonical text and the SHA-256 of that, in hex."""

    run_id: int
    content: str
    content_sha256: str

    @property
    def record(self) -> dict[str, Any]:
        """The certificate as plain data."""
        return dict(json.loads(self.content))

    @property
    def file_text(self) -> str:
        """What an exported file holds: the text as it is kept, beside its hash."""
        return f'{{"certificate":{self.content},"content_sha256":"{self.content_sha256}"}}\n'


def canonical_text(record: Mapping[str, Any]) -> str:
    """Return the one text of a certificate: keys sorted, no spaces, whole numbers only.

    Raises:
        TypeError: where a value is a floating-point number, or anything else that JSON has no plain form for.

    >>> canonical_text({"net_minor": 1250, "currency": "EUR"})
    '{"currency":"EUR","net_minor":1250}'
    """
    _refuse_floats(record)
    return json.dumps(record, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _refuse_floats(value: object) -> None:
    if isinstance(value, float):
        raise TypeError("a certificate holds whole numbers only")
    parts = (
        value.values() if isinstance(value, Mapping) else value if isinstance(value, (list, tuple)) else ()
    )
    for part in parts:
        _refuse_floats(part)


def text_sha256(text: str) -> str:
    """Return the SHA-256 of a text in UTF-8, in hex.

    >>> text_sha256("{}")[:12]
    '44136fa355b3'
    """
    return sha256(text.encode()).hexdigest()


def read_exported(text: str) -> KeptCertificate:
    """Return the certificate of an exported file, however it is laid out since, if it hashes to its hash.

    Raises:
        BillingError: ``certificate_unreadable`` where the text is none; ``certificate_altered``.

    >>> content = canonical_text({"run": {"run_id": 3}})
    >>> kept = KeptCertificate(run_id=3, content=content, content_sha256=text_sha256(content))
    >>> read_exported(kept.file_text) == kept
    True
    """
    try:
        exported = json.loads(text)
        content, said = canonical_text(exported["certificate"]), str(exported["content_sha256"])
        run_id = int(exported["certificate"]["run"]["run_id"])
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise BillingError(
            "certificate_unreadable",
            "the file is not an exported certificate",
            "export it again: 'billing runs certificate ID --output FILE'",
        ) from error
    found = text_sha256(content)
    if found != said:
        raise BillingError(
            "certificate_altered",
            f"the certificate in the file hashes to {found[:12]}, and it says {said[:12]}: it was altered",
            f"export it again: 'billing runs certificate {run_id} --output FILE'",
        )
    return KeptCertificate(run_id=run_id, content=content, content_sha256=found)


def require_same(exported: KeptCertificate, kept: KeptCertificate) -> None:
    """Raise ``certificate_differs`` unless the store keeps the very certificate of the file."""
    if exported.content_sha256 != kept.content_sha256:
        raise BillingError(
            "certificate_differs",
            f"the file has the certificate {exported.content_sha256[:12]} of run {kept.run_id}, "
            f"and the store keeps {kept.content_sha256[:12]}",
            "one of them is not of this store; 'billing audit' proves that of the store",
        )


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
    """Return the certificate as plain data; amounts are minor units beside their currency."""
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
    read = [row for row in facts.book_terms if row.phase not in OUT_OF_REACH]
    shards, committed_charges, committed_documents = facts.committed
    exact = shards - _differing_shards(read, facts.shard_terms)
    due_count = sum(row.due_term_count for row in facts.shard_terms)
    plain = [
        ("shards", "", facts.shard_count, exact),
        ("terms_due", "", due_count, sum(facts.term_outcomes.values())),
        ("charges_committed", "", committed_charges, sum(row[3] for row in facts.charges)),
        ("documents_committed", "", committed_documents, sum(row[2] for row in facts.documents)),
    ]
    charged = [(outcome, currency, net) for outcome, _reason, currency, _count, net in facts.charges]
    invoices = _documented(facts, DocumentKind.INVOICE)
    by_currency = [
        ("terms_read", _summed(read, "term_count"), _summed(facts.shard_terms, "term_count")),
        ("premium_read", _summed(read, "premium_minor"), _summed(facts.shard_terms, "premium_minor")),
        (
            "charges_planned",
            _sums((total.currency, total.charge_count) for total in facts.plan_totals),
            _sums((row[2], row[3]) for row in facts.charges),
        ),
        (
            "net_planned",
            _sums((total.currency, total.net_minor) for total in facts.plan_totals),
            _sums((currency, net) for _, currency, net in charged),
        ),
        (
            "net_invoiced",
            _sums((currency, net) for outcome, currency, net in charged if outcome is Outcome.INVOICED),
            _sums([*invoices, *facts.contained_tax.items()]),
        ),
        (
            "net_credited",
            _sums((currency, -net) for outcome, currency, net in charged if outcome is Outcome.CREDITED),
            _sums(_documented(facts, DocumentKind.CREDIT_NOTE)),
        ),
    ]
    rows = [*plain, *(row for tie in by_currency for row in _by_currency(*tie))]
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


def _by_currency(
    tie: str, expected: Mapping[str, int], found: Mapping[str, int]
) -> Iterable[tuple[str, str, int, int]]:
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


def _documented(facts: CertificateFacts, kind: DocumentKind) -> list[tuple[str, int]]:
    return [(row[1], row[3]) for row in facts.documents if row[0] is kind]


def _summed(terms: Sequence[TermCount], figure: str) -> dict[str, int]:
    return _sums((row.currency, getattr(row, figure)) for row in terms)


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
