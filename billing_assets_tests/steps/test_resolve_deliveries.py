"""An order of decisions is whole before the store takes it."""

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from billing_assets.domain.decisions import DecidedDelivery, Decision
from billing_assets.domain.errors import BillingError
from billing_assets.steps.delivery_ports import DecisionOrder
from billing_assets.steps.resolve_deliveries import resolve_deliveries
from billing_assets.steps.run_ports import Issuer
from billing_assets_tests.books import COMPANY


class Decisions:
    """A store that takes every decision and remembers the orders."""

    def __init__(self) -> None:
        self.orders: list[DecisionOrder] = []

    def issuer(self, company_code: str) -> Issuer:
        assert company_code == COMPANY.company_code
        return Issuer(company_id=1, company_version_id=1, company_sha256="", company=COMPANY)

    def decide(self, company_id: int, order: DecisionOrder) -> Sequence[DecidedDelivery]:
        self.orders.append(order)
        return [
            DecidedDelivery(
                delivery_id=number,
                decision=order.decision.value,
                note=order.note,
                decided_by=order.decided_by,
                decided_at=datetime(2024, 1, 2, tzinfo=UTC),
                state_before="failed",
                reason_before="",
                state_after="queued",
            )
            for number in order.delivery_ids
        ]


def order(*delivery_ids: int, note: str = "mended", by: str = "ana") -> DecisionOrder:
    return DecisionOrder(delivery_ids=delivery_ids, decision=Decision.AGAIN, note=note, decided_by=by)


def test_a_delivery_named_twice_is_decided_once_in_order() -> None:
    store = Decisions()
    result = resolve_deliveries("alondra", order(9, 7, 9, note=" it was\nmended "), store=store)
    assert store.orders == [order(7, 9, note="it was mended")]
    assert dict(result.facts) == {"decision": "again", "decided_count": 2}


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        (order(), "nothing_to_decide"),
        (order(7, note=" "), "note_missing"),
        (order(7, by=""), "name_missing"),
    ],
)
def test_an_order_that_lacks_something_never_reaches_the_store(wrong: DecisionOrder, code: str) -> None:
    store = Decisions()
    with pytest.raises(BillingError) as caught:
        resolve_deliveries("alondra", wrong, store=store)
    assert caught.value.code == code
    assert store.orders == []
