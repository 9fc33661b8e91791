"""A certificate says complete exactly where every two figures that were counted apart agree."""

from dataclasses import replace
from typing import Any

import pytest

from billing_assets.domain.certificates import (
    NOT_DUE,
    TIES,
    CertificateFacts,
    Phase,
    TermCount,
    build_certificate,
)
from billing_assets.domain.invoices import DocumentKind
from billing_assets.domain.runs import CurrencyTotal, Outcome


def terms(shard: int | None, count: int, *, phase: Phase = Phase.IN_FORCE, due: int = 0) -> TermCount:
    return TermCount(
        shard_number=shard,
        currency="EUR",
        phase=phase,
        term_count=count,
        premium_minor=1_000 * count,
        term_id_sum=10 * count,
        due_term_count=due,
    )


def total(outcome: Outcome, count: int, net_minor: int) -> CurrencyTotal:
    return CurrencyTotal(outcome=outcome, currency="EUR", charge_count=count, net_minor=net_minor)


FACTS = CertificateFacts(
    run={"run_id": 3, "billing_date": "2024-02-01"},
    book={"batch_id": 1},
    earlier_runs=[],
    shard_count=2,
    committed=(2, 5, 3),
    plan_sha256="ab",
    plan_totals=[
        total(Outcome.INVOICED, 3, 360),
        total(Outcome.HELD, 1, 40),
        total(Outcome.CREDITED, 1, -50),
    ],
    book_terms=[terms(0, 4), terms(1, 2), terms(1, 7, phase=Phase.FAR_AHEAD)],
    shard_terms=[terms(0, 4, due=3), terms(1, 2, due=1)],
    term_outcomes={Outcome.ZERO: 0, Outcome.INVOICED: 3, Outcome.HELD: 1, Outcome.FAILED: 0},
    charges=[
        (Outcome.CREDITED, "", "EUR", 1, -50),
        (Outcome.HELD, "row_is_problem", "EUR", 1, 40),
        (Outcome.INVOICED, "", "EUR", 3, 360),
    ],
    documents=[
        (DocumentKind.INVOICE, "EUR", 2, 345, 30, 375),
        (DocumentKind.CREDIT_NOTE, "EUR", 1, 50, 4, 54),
    ],
    contained_tax={"EUR": 15},
    numbers=[("INV-00000001", "INV-00000002"), ("CN-00000001", "CN-00000001")],
)


def unequal(facts: CertificateFacts) -> set[str]:
    """Return the ties whose sides differ; the certificate says complete exactly where there are none."""
    record = build_certificate(facts)
    found = {tie["tie"] for tie in record["ties"] if not tie["is_equal"]}
    assert record["is_complete"] is (not found)
    return found


def test_a_run_whose_sides_agree_is_complete_in_every_tie() -> None:
    assert unequal(FACTS) == set()
    assert {tie["tie"] for tie in build_certificate(FACTS)["ties"]} == set(TIES)


@pytest.mark.parametrize(
    ("change", "ties"),
    [
        ({"shard_terms": [terms(0, 4, due=3), terms(1, 1, due=1)]}, {"shards", "terms_read", "premium_read"}),
        ({"shard_terms": [terms(0, 3, due=3), terms(1, 3, due=1)]}, {"shards"}),
        ({"shard_terms": [replace(terms(0, 4, due=3), term_id_sum=41), terms(1, 2, due=1)]}, {"shards"}),
        ({"shard_terms": [terms(0, 4, due=3), terms(1, 2, due=2)]}, {"terms_due"}),
        ({"book_terms": [*FACTS.book_terms, terms(None, 1)]}, {"terms_read", "premium_read"}),
        ({"shard_count": 3}, {"shards"}),
        ({"committed": (2, 6, 3)}, {"charges_committed"}),
        ({"committed": (2, 5, 4)}, {"documents_committed"}),
        ({"plan_totals": [total(Outcome.INVOICED, 5, 351)]}, {"net_planned"}),
        ({"plan_totals": [total(Outcome.INVOICED, 4, 350)]}, {"charges_planned"}),
        ({"plan_totals": []}, {"charges_planned", "net_planned"}),
        ({"contained_tax": {}}, {"net_invoiced"}),
        (
            {"documents": [FACTS.documents[0], (DocumentKind.CREDIT_NOTE, "EUR", 1, 49, 4, 53)]},
            {"net_credited"},
        ),
        ({"documents": [(DocumentKind.INVOICE, "USD", 3, 345, 30, 375)]}, {"net_invoiced", "net_credited"}),
    ],
)
def test_a_figure_that_is_lost_breaks_its_tie(change: dict[str, Any], ties: set[str]) -> None:
    assert unequal(replace(FACTS, **change)) == ties


def test_terms_that_are_not_due_stand_by_their_reason() -> None:
    due = build_certificate(FACTS)["due"]
    assert due["term_count"] == 4
    assert due["not_due_terms"] == [
        {"reason_code": "in_force", "term_count": 2},
        {"reason_code": "far_ahead", "term_count": 7},
    ]
    assert set(NOT_DUE) == set(Phase)


def test_the_terms_of_the_book_are_due_or_not_due() -> None:
    record = build_certificate(FACTS)
    not_due = sum(row["term_count"] for row in record["due"]["not_due_terms"])
    assert sum(row["term_count"] for row in record["book"]["terms"]) == record["due"]["term_count"] + not_due
