"""Random histories: what is told is what a plain model says, whenever and in whatever parts it is told."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any
from uuid import uuid4

import pytest

from billing_assets.domain.credits import WantedCredit
from billing_assets.domain.deliveries import DeliveryState, SendResult
from billing_assets.domain.errors import BillingError
from billing_assets.steps.delivery_ports import Finished
from billing_assets.steps.write_off import WriteOff, write_off
from billing_assets.store.checks import run_checks
from billing_assets.store.connection import Database
from billing_assets.store.suspense import SqlPaymentDecisions
from billing_assets.wiring.build import Billing
from billing_assets_tests.books import billing_over
from billing_assets_tests.databases import Original, copied_database
from billing_assets_tests.paid_books import (
    MARCH,
    allocate,
    bill_monthly,
    clock,
    open_of,
    paid,
    record,
    returned,
    rows,
)
from billing_assets_tests.told_books import tell, told

DAYS = (date(2024, 1, 1), date(2024, 2, 20), date(2024, 12, 31))
_DOCUMENTS = """select i.invoice_id, i.credited_invoice_id, document_number(s.prefix, i.invoice_number),
    i.total_minor + i.cash_rounding_minor, i.due_date
    from invoice i join number_series s using (number_series_id) order by i.invoice_id"""
_ALLOCATIONS = """select allocation_id, allocation_kind, invoice_id, amount_minor from allocation
    order by allocation_id"""
_ENDS = """select v.delivery_id, v.attempt_count, v.state, coalesce(i.credited_invoice_id, i.invoice_id)
    from delivery v join document d using (document_id) join invoice i using (invoice_id)
    where v.state in ('sent', 'failed') order by v.delivery_id"""


class Model:
    """What is to be told, by loops: it looks at what is new after each act."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.seen: set[tuple[Any, ...]] = set()
        self.open: dict[int, int] = {}
        self.due: dict[int, date] = {}
        self.numbers: dict[int, str] = {}
        self.late: set[int] = set()
        self.events: list[tuple[str, str, int, int]] = []

    def look(self) -> None:
        for invoice_id, credited_id, number, amount, due in rows(self.database, _DOCUMENTS):
            if self._is_new("document", invoice_id):
                if credited_id is None:
                    self.numbers[invoice_id], self.due[invoice_id] = number, due
                kind = "credited" if credited_id else "issued"
                self._move(kind, credited_id or invoice_id, -amount if credited_id else amount)
        for allocation_id, kind, invoice_id, amount in rows(self.database, _ALLOCATIONS):
            if self._is_new("allocation", allocation_id):
                left = self.open[invoice_id] - amount
                word = "written_off" if kind == "write_off" else "part_paid" if left > 0 else "paid"
                self._move("unpaid_again" if amount < 0 else word, invoice_id, -amount)
        for delivery_id, attempt, state, invoice_id in rows(self.database, _ENDS):
            if self._is_new(state, delivery_id, attempt):
                word = "delivered" if state == "sent" else "undeliverable"
                total = next(row[3] for row in rows(self.database, _DOCUMENTS) if row[0] == invoice_id)
                self.events.append((word, self.numbers[invoice_id], total, self.open[invoice_id]))

    def tell(self, today: date) -> None:
        for invoice_id in sorted(self.open, key=lambda each: (self.due[each], each)):
            left = self.open[invoice_id]
            if left > 0 and self.due[invoice_id] < today and invoice_id not in self.late:
                self.late.add(invoice_id)
                self.events.append(("past_due", self.numbers[invoice_id], left, left))

    def _is_new(self, *key: Any) -> bool:
        is_new = key not in self.seen
        self.seen.add(key)
        return is_new

    def _move(self, kind: str, invoice_id: int, change: int) -> None:
        self.open[invoice_id] = self.open.get(invoice_id, 0) + change
        if self.open[invoice_id] <= 0:
            self.late.discard(invoice_id)
        self.events.append((kind, self.numbers[invoice_id], abs(change), self.open[invoice_id]))


class History:
    """Acts by chance on a billed store."""

    def __init__(self, model: Model, billing: Billing, random: Random) -> None:
        self.database, self.billing, self.random, self.keys = model.database, billing, random, [""]
        self.model = model

    def act(self) -> None:
        acts = (self.pay, self.pay, self.pay, self.give_back, self.give_back, self.credit, self.write_off)
        self.random.choice((*acts, self.deliver, self.deliver))()

    def pay(self) -> None:
        payer = self.random.randint(1, 3)
        amount = max(self.random.choice([1, 100, *open_of(self.database, payer)]), 1)
        self.keys.append(f"p{len(self.keys)}")
        record(self.database, paid(self.keys[-1], amount, payer_key=f"K{payer}"))
        allocate(self.database)

    def give_back(self) -> None:
        key = self.random.choice(self.keys)
        found = rows(self.database, "select amount_minor from payment where external_key = :key", key=key)
        for (amount,) in found:
            record(self.database, returned(f"r-{key}", key, amount))
        allocate(self.database)

    def credit(self) -> None:
        number = self.random.choice([row[2] for row in rows(self.database, _DOCUMENTS) if row[1] is None])
        order = (WantedCredit(invoice_number=number),)
        self.billing.credit(
            self.billing.credit_order(order, reason="sold", approved_by="ana", billing_date=MARCH)
        )

    def write_off(self) -> None:
        number = self.random.choice([row[2] for row in rows(self.database, _DOCUMENTS) if row[1] is None])
        wanted = WriteOff(document_number=number, note="gone", by="ana", approved_by="eva")
        store = SqlPaymentDecisions(self.database, 1, clock)
        # Of what is settled nothing is left to be written off.
        with suppress(BillingError):
            write_off(wanted, MARCH, store=store)

    def deliver(self) -> None:
        store = self.billing.documents
        store.make_documents(1, None)
        store.queue(1, None, "alondra.example.com")
        self.model.look()
        for row in store.next_deliveries(1, None, 0, 1):
            state = self.random.choice([DeliveryState.SENT, DeliveryState.FAILED, DeliveryState.QUEUED])
            answer = SendResult(state=state, reply_code=0, reason_code="chance", reply_text="")
            assert store.hand_over(None, row)
            store.hand_over(Finished(row=row, result=answer, ended_at=clock()), None)


def prepare(database: Database, home: Path) -> None:
    bill_monthly(database, home)


@pytest.fixture
def make(
    template_database: str, original: Original, server_url: str, tmp_path: Path
) -> Iterator[Callable[[], Database]]:
    """Make a copy of a billed store at each call."""
    name = original(prepare, template_database, lambda database: prepare(database, tmp_path))
    with ExitStack() as stack:
        yield lambda: stack.enter_context(copied_database(server_url, name, f"test_{uuid4().hex}"))


@pytest.mark.long
@pytest.mark.parametrize("seed", range(3))
def test_what_is_told_of_a_random_history_is_what_the_plain_model_says(
    seed: int, make: Callable[[], Database], tmp_path: Path
) -> None:
    random = Random(seed)
    database = make()
    with ExitStack() as stack:
        model = Model(database)
        history = History(model, billing_over(database, tmp_path, stack), random)
        model.look()
        for _ in range(24):
            history.act()
            model.look()
            if random.random() < 0.3:
                day = random.choice(DAYS)
                tell(database, day, random.choice([1, 3, 1000]))
                model.tell(day)
        tell(database, DAYS[0])
    assert told(database) == model.events
    assert {"paid", "part_paid", "unpaid_again", "past_due"} <= {kind for kind, *_ in model.events}
    with database.transaction() as connection:
        found = run_checks(connection, at=datetime.now(UTC) + timedelta(hours=1), check_ids=["I22", "I29"])
    assert [each for each in found if each.offender_count] == []
