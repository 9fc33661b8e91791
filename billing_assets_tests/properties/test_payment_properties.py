"""Payments in any order, doubled and missing: one state; and a payer's life against the plain model."""

from collections.abc import Callable, Iterable
from contextlib import ExitStack
from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import permutations
from pathlib import Path
from random import Random
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from billing_assets.domain.credits import WantedCredit
from billing_assets.domain.payments import NewPayment, NewReturn
from billing_assets.domain.remittance import keys_in
from billing_assets.frames.allocation import OVERRIDES, allocate
from billing_assets.frames.unallocation import matched_returns
from billing_assets.store.checks import run_checks
from billing_assets.store.connection import Database
from billing_assets_tests.books import billing_over
from billing_assets_tests.databases import Original
from billing_assets_tests.paid_books import (
    MARCH,
    balances,
    bill_monthly,
    paid,
    record,
    returned,
    rows,
)
from billing_assets_tests.paid_books import allocate as allocate_store
from billing_assets_tests.reference.payments import ReferenceBook, ReferenceDocument, ReferencePayment

Event = NewPayment | NewReturn
EVENTS: tuple[Event, ...] = (
    paid("a", 6000, payer_key="K1"),
    paid("b", 4506, remittance_text="INV-00000004"),
    paid("c", 100, payer_key="K1"),
    paid("d", 77, remittance_text="thanks"),
    returned("r", "a", 6000),
    returned("s", "b", 506),
)
"""Six events: of a payer, of whoever names a document, of nobody, and two that go back."""

_DAY = {"due_date": date(2024, 2, 15), "currency": "EUR", "open_minor": 4506, "payer_id": 1}
DOCUMENTS = pl.DataFrame(
    [
        {"invoice_id": 1, "document_key": "INV00000001", **_DAY},
        {"invoice_id": 1001, "document_key": "INV00000004", **_DAY, "due_date": date(2024, 3, 15)},
    ]
)


def _frame(payments: list[NewPayment], ids: dict[str, int], taken: dict[int, int]) -> pl.DataFrame:
    rows_ = [
        {
            "payment_id": ids[each.external_key],
            "payer_id": 1 if each.payer_key else None,
            "currency": each.currency,
            "free_minor": each.amount_minor - taken.get(ids[each.external_key], 0),
            "value_date": each.value_date,
            "booking_date": each.booking_date,
            "source_kind": each.source_kind.value,
            "external_key": each.external_key,
            "document_keys": list(keys_in(each.remittance_text)),
            "assigned_invoice_id": None,
        }
        for each in payments
    ]
    return pl.DataFrame(rows_, schema_overrides=OVERRIDES, infer_schema_length=None)


def state_after(events: Iterable[Event]) -> Any:
    """Return what pays what after the events, by keys, as the frames have it."""
    known: dict[tuple[bool, str], Event] = {}
    for event in events:
        known.setdefault((isinstance(event, NewPayment), event.external_key), event)
    return _state_of(tuple(known.values()))


@cache
def _state_of(known: tuple[Event, ...]) -> Any:
    """The same of events that differ; an order with one doubled is again one of those without."""
    ids = {event.external_key: number for number, event in enumerate(known)}
    payments = [each for each in known if isinstance(each, NewPayment)]
    amounts = {each.external_key: each.amount_minor for each in payments}
    returns = [
        {
            "payment_return_id": ids[each.external_key],
            "payment_id": ids[each.original_key],
            "currency": each.currency,
            "amount_minor": each.amount_minor,
            "value_date": each.value_date,
            "external_key": each.external_key,
            "left_minor": amounts[each.original_key],
        }
        for each in known
        if isinstance(each, NewReturn) and each.original_key in amounts
    ]
    taken: dict[int, int] = {}
    for row in matched_returns(pl.DataFrame(returns)).iter_rows(named=True) if returns else ():
        taken[row["payment_id"]] = taken.get(row["payment_id"], 0) + row["amount_minor"]
    frame = _frame(payments, ids, taken)
    names = {number: key for key, number in ids.items()}
    found = allocate(frame, DOCUMENTS)
    pays = found.allocations.select("payment_id", "invoice_id", "amount_minor", "reason_code").rows()
    owners = found.owners.select("payment_id", "amount_minor").rows()
    return sorted((names[row[0]], *row[1:]) for row in [*pays, *owners]), sorted(names.values())


@pytest.mark.long
def test_every_order_of_six_events_ends_in_one_state() -> None:
    assert len({str(state_after(order)) for order in permutations(EVENTS)}) == 1


@pytest.mark.slow
@pytest.mark.parametrize("place", range(len(EVENTS)))
@pytest.mark.parametrize("variant", ["doubled", "missing"])
def test_so_it_is_with_one_of_them_doubled_or_missing(place: int, variant: str) -> None:
    more = (EVENTS[place],) if variant == "doubled" else ()
    left = EVENTS if variant == "doubled" else EVENTS[:place] + EVENTS[place + 1 :]
    states = {str(state_after((*order, *more))) for order in permutations(left)}
    states |= {str(state_after((*more, *order))) for order in permutations(left)}
    assert len(states) == 1
    if variant == "doubled":
        assert states == {str(state_after(EVENTS))}


def prepare(database: Database, home: Path) -> None:
    bill_monthly(database, home)


def _store_state(database: Database) -> Any:
    query = """select p.external_key, a.invoice_id, a.amount_minor, a.reason_code from allocation a
        join payment p using (payment_id) order by 1, 2, 3"""
    return rows(database, query), balances(database)


@pytest.mark.long
def test_the_store_ends_in_one_state_too(server_url: str, prepared_store: Callable[[], Database]) -> None:
    random = Random(720)
    states = []
    for _ in range(8):
        order = [*random.sample(EVENTS, len(EVENTS)), random.choice(EVENTS)]
        database = prepared_store()
        record(database, *order)
        allocate_store(database)
        states.append(str(_store_state(database)))
    assert len(set(states)) == 1


@pytest.fixture
def prepared_store(
    template_database: str, original: Original, server_url: str, tmp_path: Path
) -> Iterable[Callable[[], Database]]:
    """Make a copy of a billed store at each call."""
    from uuid import uuid4

    from billing_assets_tests.databases import copied_database

    name = original(prepare, template_database, lambda database: prepare(database, tmp_path))
    with ExitStack() as stack:
        yield lambda: stack.enter_context(copied_database(server_url, name, f"test_{uuid4().hex}"))


_NUMBERS = {1: "INV-00000001", 2: "INV-00000002", 1001: "INV-00000004", 1002: "INV-00000005"}
_OPEN = "select invoice_id, open_minor from open_document where payer_id in (1, 2)"
_FREE = "select p.external_key, s.free_minor from payment p join payment_standing s using (payment_id)"
_CHECKS = ["I04", "I05", "I06", "I11", "I12", "I19"]


class PayerLife(RuleBasedStateMachine):
    """Two payers with two documents each, their payments and returns, in the store and in the model."""

    make: Callable[[], Database]
    home: Path

    @initialize()
    def begin(self) -> None:
        self.database, self.book, self.count = type(self).make(), ReferenceBook(), 0
        found = rows(
            self.database,
            "select invoice_id, payer_id, due_date, payable_minor from open_document where payer_id < 3",
        )
        for invoice_id, payer, due, payable in found:
            document = ReferenceDocument(invoice_id, f"K{payer}", due.toordinal(), payable)
            self.book.bill(document)

    @rule(
        payer=st.sampled_from(["K1", "K2", None]),
        amount=st.sampled_from([1, 100, 4505, 4506, 4507, 9012, 20000]),
        names=st.sampled_from([None, None, *_NUMBERS]),
    )
    def pay(self, payer: str | None, amount: int, names: int | None) -> None:
        self.count += 1
        key = f"p{self.count:03d}"
        text = f"for {_NUMBERS[names]}" if names else "premium"
        assert record(self.database, paid(key, amount, payer_key=payer or "", remittance_text=text)) == [True]
        assert record(self.database, paid(key, amount, payer_key=payer or "", remittance_text=text)) == [
            False
        ]
        self.book.pay(ReferencePayment(key, amount, payer, names))

    @rule(number=st.integers(1, 6), share=st.sampled_from([1, 2, 3]), times=st.integers(1, 2))
    def give_back(self, number: int, share: int, times: int) -> None:
        original = f"p{number:03d}"
        amount = (
            max(self.book.payments[original].amount // share, 1) if original in self.book.payments else 100
        )
        self.count += 1
        key = f"r{self.count:03d}"
        for _ in range(times):
            record(self.database, returned(key, original, amount))
        self.book.give_back(key, original, amount)

    @rule(number=st.sampled_from(sorted(_NUMBERS)))
    def credit(self, number: int) -> None:
        if self.book.documents[number].credited:
            return
        with ExitStack() as stack:
            billing = billing_over(self.database, type(self).home, stack)
            wanted = (WantedCredit(invoice_number=_NUMBERS[number]),)
            billing.credit(billing.credit_order(wanted, reason="sold", approved_by="ana", billing_date=MARCH))
        self.book.credit(number)

    @rule(times=st.integers(1, 2))
    def allocate(self, times: int) -> None:
        for _ in range(times):
            allocate_store(self.database)
            self.book.allocate()
        expected = {number: self.book.open_of(number) for number in self.book.documents}
        assert dict(rows(self.database, _OPEN)) == expected
        free = {key: self.book.free_of(key) for key in self.book.payments}
        assert dict(rows(self.database, _FREE)) == free

    @invariant()
    def the_books_hold(self) -> None:
        if not hasattr(self, "database"):
            return
        at = datetime.now(UTC) + timedelta(hours=1)
        with self.database.transaction() as connection:
            found = run_checks(connection, at=at, check_ids=_CHECKS)
        assert [each for each in found if each.offender_count] == []


@pytest.mark.long
def test_a_payer_lives_as_the_plain_model_says(
    prepared_store: Callable[[], Database], tmp_path: Path
) -> None:
    class Life(PayerLife):
        make = staticmethod(prepared_store)
        home = tmp_path

    run_state_machine_as_test(
        Life,
        settings=settings(
            max_examples=12,
            stateful_step_count=14,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
