"""The desk of payments: a file in, owners given, sums that tie."""

from contextlib import ExitStack
from datetime import date
from pathlib import Path

from billing_assets.domain.allocation import AllocationRule
from billing_assets.steps.reverse_payment import Reversal
from billing_assets.steps.write_off import WriteOff
from billing_assets.store.connection import Database
from billing_assets.store.payment_listings import PaymentFilter
from billing_assets.wiring.payment_desk import PaymentDesk
from billing_assets_tests.books import billing_over
from billing_assets_tests.paid_books import balances, bill_monthly, paid


def prepare(database: Database, home: Path) -> None:
    bill_monthly(database, home)


def test_a_life_of_payments(database: Database, tmp_path: Path) -> None:
    path = tmp_path / "payments.csv"
    path.write_text(
        "key,value_date,amount,currency,payer_key\na,2024-03-01,45.06,EUR,K1\nb,2024-03-01,9,EUR,\n"
    )
    with ExitStack() as stack:
        desk = PaymentDesk(billing_over(database, tmp_path, stack))
        assert desk.bring_in(path, "ana").facts["new_count"] == 2
        assert desk.add(paid("c", 100, payer_key="K3"), "ana")
        assert desk.allocate(date(2024, 4, 1)).facts["allocation_count"] == 2
        [lost] = desk.suspense()
        assert (
            desk.resolve(lost.payment_id, payer_key="K2", note="n", by="eva").facts["allocation_count"] == 1
        )
        assert desk.waiting_returns() == []
        first = desk.payments(PaymentFilter())[-1]
        back = desk.reverse(first.payment_id, Reversal(reason_code="AM04", by="eva"))
        assert back is not None
        assert back.facts["reversal_count"] == 1
        assert desk.reverse(first.payment_id, Reversal(reason_code="AM04", by="eva")) is None
        assert desk.payment(first.payment_id).payment.state == "reversed"
        rule = AllocationRule(
            currency="EUR",
            tolerance_minor=1,
            approval_above_minor=5000,
            valid_from=date(2024, 1, 1),
            source="board",
        )
        assert desk.set_rule(rule, "ana")
        assert desk.write_off(WriteOff(document_number="INV-00000001", note="n", by="eva")) == 4506
    found = balances(database)
    assert (found[1000], found[6200]) == (1000, 4506)
    assert 2100 not in found
