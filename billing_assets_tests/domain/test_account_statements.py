"""A statement adds up whatever the rows are, and ages by the due date alone."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing_assets.domain.account_statements import (
    AGEING_DAYS,
    Account,
    LetterHead,
    OpenItem,
    ReceivedPayment,
    ageing_of,
    past_due_days,
    receipt_of,
    statement_of,
)
from billing_assets.domain.companies import creditor_of
from billing_assets.domain.invoices import Payer
from billing_assets.domain.letters import AccountEntry, AllocatedPart, EntryKind, PaymentMethod
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


def billed(day: date, amount_minor: int) -> AccountEntry:
    return AccountEntry(
        entry_date=day,
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


def owed(*items: OpenItem, on_account_minor: int = 0, opening_minor: int | None = None) -> Account:
    """An account of nothing but what is open."""
    left = sum(each.open_minor for each in items) - on_account_minor
    return Account(
        currency="EUR",
        opening_minor=left if opening_minor is None else opening_minor,
        movements=(),
        open_items=items,
        on_account_minor=on_account_minor,
    )


def test_what_stood_before_the_period_is_the_opening_balance() -> None:
    movements = tuple(billed(DAY + timedelta(days=days), 10**days) for days in (1, 2))
    account = Account(currency="EUR", opening_minor=1, movements=movements, open_items=(), on_account_minor=0)
    found = statement_of(HEAD, account, DAY + timedelta(days=1), DAY + timedelta(days=3))
    assert (found.opening_minor, found.closing_minor) == (1, 111)
    assert [each.amount_minor for each in found.entries] == [10, 100]
    assert found.payment_reference == ""


LATER, SOON, PAST = (
    item(date(2024, 6, 1), 100),
    item(date(2024, 5, 15), 20, "INV-00000002"),
    item(date(2024, 4, 1), 3, "INV-00000003"),
)
UP_TO_TODAY = HEAD.issue_date + timedelta(days=1)


@pytest.mark.parametrize(
    ("account", "day", "asked_minor"),
    [
        (owed(LATER), date(2024, 6, 1), 100),
        (owed(LATER, SOON), date(2024, 5, 15), 20),
        (owed(LATER, SOON, PAST), date(2024, 5, 15), 23),
        (owed(LATER, PAST), date(2024, 5, 15), 3),
        (owed(LATER, PAST, on_account_minor=2), date(2024, 5, 15), 1),
        (owed(LATER, PAST, on_account_minor=50), date(2024, 5, 15), 0),
        (owed(PAST, item(date(2024, 7, 1), -2, "INV-00000004")), date(2024, 5, 15), 1),
        (owed(), date(2024, 5, 15), 0),
    ],
)
def test_what_is_due_by_a_day_is_asked_for_until_then_and_no_more(
    account: Account, day: date, asked_minor: int
) -> None:
    found = statement_of(HEAD, account, DAY, UP_TO_TODAY)
    assert (found.pay_by_date, found.asked_minor) == (day, asked_minor)


def test_a_statement_of_a_past_period_asks_for_nothing() -> None:
    found = statement_of(HEAD, owed(LATER, PAST), DAY, HEAD.issue_date)
    assert (found.closing_minor, found.asked_minor) == (103, 0)
    assert found.payment_reference.endswith("INV00000003")


def test_what_a_payment_leaves_stays_on_account() -> None:
    part = AllocatedPart(
        document_number="INV-00000001", policy_number="P", due_date=DAY, amount_minor=60, open_minor=0
    )
    payment = ReceivedPayment(
        currency="EUR", received_date=DAY, method=PaymentMethod.CASH, amount_minor=100, allocated=(part,)
    )
    assert receipt_of(HEAD, payment).on_account_minor == 40
