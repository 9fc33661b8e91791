"""A statement adds up whatever the rows are, and ages by the due date alone."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from billing_assets.domain.account_statements import (
    AGEING_DAYS,
    Account,
    LetterHead,
    Movement,
    OpenItem,
    ReceivedPayment,
    ageing_of,
    past_due_days,
    receipt_of,
    statement_of,
)
from billing_assets.domain.companies import creditor_of
from billing_assets.domain.invoices import Payer
from billing_assets.domain.letters import AllocatedPart, EntryKind, PaymentMethod
from billing_assets_tests.books import COMPANY

DAY = date(2024, 3, 1)
HEAD = LetterHead(
    document_number="STM-00000001",
    issue_date=date(2024, 5, 1),
    creditor=creditor_of(COMPANY),
    payer=Payer(payer_key="K", name="N", address_lines=(), country_code="ES", email="", language="es"),
    policies=(),
)


def item(due_date: date, open_minor: int = 100, number: str = "INV-00000001") -> OpenItem:
    return OpenItem(
        document_number=number,
        policy_number="P",
        due_date=due_date,
        total_minor=abs(open_minor),
        open_minor=open_minor,
    )


def billed(day: date, amount_minor: int) -> Movement:
    return Movement(
        posting_date=day,
        entry_kind=EntryKind.INVOICE,
        document_number="INV-00000001",
        policy_number="P",
        amount_minor=amount_minor,
        due_date=day,
    )


@given(
    st.lists(st.tuples(st.integers(-400, 400), st.integers(-5000, 5000)), max_size=12), st.integers(-400, 400)
)
def test_every_open_cent_is_in_one_bucket(rows: list[tuple[int, int]], days: int) -> None:
    items = [item(DAY + timedelta(days=due), amount) for due, amount in rows]
    buckets = ageing_of(items, DAY + timedelta(days=days))
    assert sum(each.amount_minor for each in buckets) == (
        sum(each.open_minor for each in items) if buckets else 0
    )
    assert bool(buckets) == any(amount for _due, amount in rows)


def test_a_bucket_begins_on_its_day() -> None:
    for first, last in AGEING_DAYS:
        for days in {first, last if last is not None else first + 1000}:
            (found,) = [
                each for each in ageing_of([item(DAY)], DAY + timedelta(days=days)) if each.amount_minor
            ]
            assert (found.from_days, found.to_days) == (first, last)
    assert past_due_days(DAY, DAY - timedelta(days=9)) == 0


def test_what_was_before_the_period_is_the_opening_balance() -> None:
    movements = tuple(billed(DAY + timedelta(days=days), 10**days) for days in range(4))
    account = Account(currency="EUR", movements=movements, open_items=(), on_account_minor=0)
    found = statement_of(HEAD, account, DAY + timedelta(days=1), DAY + timedelta(days=3))
    assert (found.opening_minor, found.closing_minor) == (1, 111)
    assert [each.amount_minor for each in found.entries] == [10, 100]
    assert found.payment_reference == ""


def test_what_is_due_later_is_asked_for_then_and_what_is_past_due_soon() -> None:
    later, past = item(date(2024, 6, 1)), item(date(2024, 4, 1), number="INV-00000002")
    for items, day in (
        ((later,), date(2024, 6, 1)),
        ((later, past), date(2024, 5, 15)),
        ((), date(2024, 5, 15)),
    ):
        account = Account(currency="EUR", movements=(), open_items=items, on_account_minor=0)
        assert statement_of(HEAD, account, DAY, DAY).pay_by_date == day
    assert statement_of(
        HEAD, Account(currency="EUR", movements=(), open_items=(later, past), on_account_minor=0), DAY, DAY
    ).payment_reference.endswith("INV00000002")


def test_what_a_payment_leaves_stays_on_account() -> None:
    part = AllocatedPart(
        document_number="INV-00000001", policy_number="P", due_date=DAY, amount_minor=60, open_minor=0
    )
    payment = ReceivedPayment(
        currency="EUR", received_date=DAY, method=PaymentMethod.CASH, amount_minor=100, allocated=(part,)
    )
    assert receipt_of(HEAD, payment).on_account_minor == 40
