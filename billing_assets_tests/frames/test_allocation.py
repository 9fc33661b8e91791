"""Allocation over frames: whole books against the plain model, owners, instructions, tolerance."""

from datetime import date
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing_assets.frames.allocation import OVERRIDES, allocate, tolerated
from billing_assets_tests.properties.strategies import STEADY
from billing_assets_tests.reference.payments import ReferenceBook, ReferenceDocument, ReferencePayment

DAY = date(2024, 3, 1)


def payment(number: int, free: int, payer: int | None = 1, names: tuple[int, ...] = (), **more: Any) -> Any:
    return {
        "payment_id": number,
        "payer_id": payer,
        "currency": "EUR",
        "free_minor": free,
        "value_date": DAY,
        "booking_date": DAY,
        "source_kind": "cash",
        "external_key": f"p{number:03d}",
        "document_keys": [f"D{name}" for name in names],
        "assigned_invoice_id": None,
        **more,
    }


def document(number: int, open_minor: int, payer: int = 1, day: int = 1, **more: Any) -> Any:
    return {
        "invoice_id": number,
        "document_key": f"D{number}",
        "payer_id": payer,
        "currency": "EUR",
        "due_date": date(2024, 3, day),
        "open_minor": open_minor,
        **more,
    }


def allocated(payments: list[Any], documents: list[Any]) -> list[tuple[Any, ...]]:
    found = allocate(pl.DataFrame(payments, schema_overrides=OVERRIDES), pl.DataFrame(documents))
    return found.allocations.select("payment_id", "invoice_id", "amount_minor").rows()


PAYMENTS = st.lists(
    st.tuples(st.integers(1, 300), st.sampled_from([None, 1, 2]), st.sampled_from([0, 0, 1, 2, 3, 9])),
    max_size=7,
)
BILLS = st.lists(
    st.tuples(st.integers(0, 200), st.sampled_from([1, 2]), st.integers(1, 4)), min_size=1, max_size=5
)


@STEADY
@given(payments=PAYMENTS, bills=BILLS, order=st.randoms(use_true_random=False))
def test_it_is_what_the_plain_model_does_one_by_one(payments: Any, bills: Any, order: Any) -> None:
    book = ReferenceBook()
    documents = [document(n, open_, payer, day) for n, (open_, payer, day) in enumerate(bills, 1)]
    for row in documents:
        book.bill(
            ReferenceDocument(
                row["invoice_id"], str(row["payer_id"]), row["due_date"].toordinal(), row["open_minor"]
            )
        )
    rows = [
        payment(n, free, payer, (name,) if name else ()) for n, (free, payer, name) in enumerate(payments, 1)
    ]
    for row, (_, payer, name) in zip(rows, payments, strict=True):
        book.pay(
            ReferencePayment(
                row["external_key"], row["free_minor"], str(payer) if payer else None, name or None
            )
        )
    book.allocate()
    order.shuffle(rows)
    if not rows:
        return
    expected = sorted((int(key[1:]), number, amount) for key, number, amount in _merged(book.live))
    assert sorted(_merged(allocated(rows, documents))) == expected


def _merged(rows: Any) -> list[Any]:
    sums: dict[Any, int] = {}
    for first, second, amount in rows:
        sums[first, second] = sums.get((first, second), 0) + amount
    return [(*key, amount) for key, amount in sums.items()]


def test_a_payment_that_names_documents_of_several_payers_gets_no_owner() -> None:
    rows = [payment(1, 50, None, (1, 2))]
    assert allocated(rows, [document(1, 100, 1), document(2, 100, 2)]) == []


def test_a_payment_pays_a_named_document_of_another_payer_and_keeps_its_owner() -> None:
    documents = [document(1, 100, 1), document(2, 30, 2)]
    assert allocated([payment(1, 50, 1, (2,))], documents) == [(1, 2, 30), (1, 1, 20)]


def test_another_currency_is_never_paid() -> None:
    assert allocated([payment(1, 50, 1, (1,))], [document(1, 100, currency="USD")]) == []


def test_a_person_s_choice_comes_before_the_oldest_due() -> None:
    documents = [document(1, 100), document(2, 100, day=9)]
    found = allocate(
        pl.DataFrame([payment(1, 50, 1, assigned_invoice_id=2)], schema_overrides=OVERRIDES),
        pl.DataFrame(documents),
    )
    assert found.allocations.select("invoice_id", "reason_code").rows() == [(2, "person")]


def test_several_named_documents_are_paid_oldest_first() -> None:
    documents = [document(1, 40, day=9), document(2, 40, day=2), document(3, 40, day=1)]
    assert allocated([payment(1, 60, 1, (1, 2))], documents) == [(1, 2, 40), (1, 1, 20)]


@pytest.mark.parametrize(("open_minor", "paid", "count"), [(5, 95, 1), (6, 95, 0), (5, 0, 0), (0, 100, 0)])
def test_only_what_is_small_and_paid_in_part_is_written_off(open_minor: int, paid: int, count: int) -> None:
    rules = pl.DataFrame({"currency": ["EUR"], "tolerance_minor": [5], "allocation_rule_id": [1]})
    rows = pl.DataFrame([document(1, open_minor, paid_minor=paid)])
    assert tolerated(rows, rules).height == count
