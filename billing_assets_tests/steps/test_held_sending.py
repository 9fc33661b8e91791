"""What is billed on a closed day leaves on the next open one, and once."""

from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from billing_assets.domain.calendar_rule import Purpose
from billing_assets.domain.deliveries import DeliveryState, EmailMessageParts, SendResult
from billing_assets.domain.errors import BillingError
from billing_assets.steps.calendar_ports import ClosedDayOrder
from billing_assets.steps.deliver_documents import deliver_documents
from billing_assets.store.connection import Database
from billing_assets.wiring.build import Billing
from billing_assets_tests.books import COMPANY
from billing_assets_tests.steps.outbox import broken_invariants, mail_alone, outbox
from billing_assets_tests.store.intake import book, import_text, with_company

SATURDAY, SUNDAY, MONDAY, TUESDAY = (date(2024, 6, 1) + timedelta(days=number) for number in range(4))
LONG_BEFORE = date(2024, 1, 2)

_PLANS = """
insert into payment_plan (plan_code, frequency_code, lead_days, due_days, due_roll, generate_roll,
    holiday_behaviour, minimum_payment_days, valid_from, source)
select behaviour, 'monthly', 0, 0, 'none', 'none', behaviour, 0, date '1990-01-01', 'a test'
from unnest(array['hold_sending', 'next_open_day']) as behaviour
"""


class Kept:
    """A channel that accepts everything and keeps the ids of its messages."""

    def __init__(self) -> None:
        self.message_ids: list[str] = []

    def send(self, message: EmailMessageParts) -> SendResult:
        self.message_ids.append(message.message_id)
        return SendResult(state=DeliveryState.SENT, reply_code=250, reason_code="accepted", reply_text="")


def prepare(database: Database, home: Path) -> None:
    """A term of each behaviour, due on a Saturday and then on the first of each month."""
    with with_company(database).transaction() as connection:
        connection.execute(text(_PLANS))
    read_book(database, home)


def read_book(database: Database, folder: Path, email: str = "ann@example.com") -> None:
    term = {"from": "2024-06-01", "to": "2025-06-01", "mail": email}
    plans = ("hold_sending", "next_open_day")
    content = book(*({**term, "no": plan, "plan": plan} for plan in plans))
    assert import_text(database, folder, content).problem_count == 0


def bill(billing: Billing, day: date) -> int:
    facts = billing.invoice(billing.order(day)).facts
    billing.print(day)
    return int(facts["invoice_count"])


def deliver(billing: Billing, day: date | None, today: date = LONG_BEFORE) -> tuple[int, int]:
    """Return how many messages left and how many are held, by a clock that shows noon of ``today``."""
    billing.require_clean(day)
    facts = deliver_documents(
        COMPANY.company_code,
        day,
        store=billing.documents,
        press=billing.press,
        ways=mail_alone(Kept()),
        clock=lambda: datetime.combine(today, time(12), tzinfo=UTC),
    ).facts
    return int(facts["sent_count"]), int(facts["held_count"])


def close(billing: Billing, day: date, purpose: Purpose | None = None, *, is_closed: bool = True) -> None:
    order = ClosedDayOrder(day=day, is_closed=is_closed, purpose=purpose, note="a test", recorded_by="ana")
    billing.close_day(order)


def numbers(billing: Billing, query: str) -> list[tuple[object, ...]]:
    with billing.database.transaction() as connection:
        return [tuple(row) for row in connection.execute(text(query))]


BILLED = """
select policy_number, r.billing_date from invoice_line l join invoice i using (invoice_id)
join billing_run r using (run_id) join policy_term using (policy_term_id) join policy using (policy_id)
order by 1, 2
"""


def test_a_plan_that_holds_bills_on_the_closed_day_and_the_other_on_the_next_open_one(
    billing: Billing,
) -> None:
    assert [bill(billing, day) for day in (SATURDAY, SUNDAY, MONDAY)] == [1, 0, 1]
    assert numbers(billing, BILLED) == [("hold_sending", SATURDAY), ("next_open_day", MONDAY)]
    assert broken_invariants(billing) == []


def test_a_run_of_a_closed_day_answers_for_the_plans_alone_that_hold(billing: Billing) -> None:
    bill(billing, SATURDAY)
    assert broken_invariants(billing) == []


@pytest.mark.long
def test_what_is_held_leaves_with_the_next_open_day_and_never_again(billing: Billing) -> None:
    seen = []
    for day in (SATURDAY, SUNDAY, MONDAY, TUESDAY):
        bill(billing, day)
        seen.append(deliver(billing, day))
    assert seen == [(0, 1), (0, 0), (2, 0), (0, 0)]
    assert deliver(billing, None) == (0, 0)
    assert broken_invariants(billing) == []


def test_until_then_the_outbox_says_why_it_waits(billing: Billing) -> None:
    bill(billing, SATURDAY)
    deliver(billing, SATURDAY)
    assert outbox(billing) == [("queued", 0, "closed_day", 0, "")]
    assert numbers(billing, "select send_date from delivery") == [(MONDAY,)]


@pytest.mark.long
def test_deliveries_of_all_dates_go_by_the_clock_of_the_company(billing: Billing) -> None:
    bill(billing, SATURDAY)
    assert [deliver(billing, None, today=day) for day in (SATURDAY, SUNDAY, MONDAY, TUESDAY)] == [
        (0, 1),
        (0, 1),
        (1, 0),
        (0, 0),
    ]


def test_a_date_that_is_delivered_late_does_not_wait_for_a_day_that_has_passed(billing: Billing) -> None:
    bill(billing, SATURDAY)
    assert deliver(billing, SATURDAY, today=TUESDAY) == (1, 0)


@pytest.mark.long
def test_a_day_that_is_closed_for_sending_alone_holds_the_messages_and_not_the_invoices(
    billing: Billing,
) -> None:
    close(billing, MONDAY, Purpose.SEND)
    bill(billing, SATURDAY)
    assert (bill(billing, MONDAY), bill(billing, TUESDAY)) == (1, 0)
    assert [deliver(billing, day) for day in (SATURDAY, MONDAY, TUESDAY)] == [(0, 1), (0, 1), (2, 0)]


@pytest.mark.long
def test_a_held_message_without_an_address_waits_for_its_day_too_when_one_comes(
    billing: Billing, tmp_path: Path
) -> None:
    read_book(billing.database, tmp_path, email="")
    bill(billing, SATURDAY)
    deliver(billing, SATURDAY)
    assert [row[2] for row in outbox(billing)] == ["no_address"]
    read_book(billing.database, tmp_path, email="new@example.com")
    assert deliver(billing, SATURDAY) == (0, 1)
    assert [row[2] for row in outbox(billing)] == ["closed_day"]
    assert deliver(billing, MONDAY) == (1, 0)


def test_the_checks_of_a_day_ask_about_held_messages_whose_address_came_late(
    billing: Billing, tmp_path: Path
) -> None:
    """They leave with Monday's, so a broken invoice of Saturday stops them there too."""
    read_book(billing.database, tmp_path, email="")
    bill(billing, SATURDAY)
    deliver(billing, SATURDAY)
    with billing.database.transaction() as connection:
        connection.execute(text("set local role none"))
        connection.execute(text("set local session_replication_role = replica"))
        connection.execute(text("update billing.invoice_tax set tax_minor = tax_minor + 1"))
    with pytest.raises(BillingError, match="audit_failed"):
        billing.require_clean(MONDAY)


def test_a_held_message_that_is_refused_on_its_day_waits_for_its_own_date(billing: Billing) -> None:
    bill(billing, SATURDAY)
    deliver(billing, SATURDAY)
    with billing.database.transaction() as connection:
        connection.execute(text("update delivery set attempt_count = 1"))
    assert deliver(billing, TUESDAY) == (0, 0)
    assert deliver(billing, SATURDAY, today=TUESDAY) == (1, 0)


@pytest.mark.long
def test_a_year_of_days_bills_each_installment_once_and_sends_each_message_once_on_an_open_day(
    billing: Billing,
) -> None:
    """Over a New Year on which the company is closed, so that dates of December are billed in January."""
    for number in range(5):
        close(billing, date(2024, 12, 30) + timedelta(days=number))
    days = [SATURDAY + timedelta(days=number) for number in range(366)]
    sent: dict[date, int] = {}
    held_count = 0
    for day in (day for day in days if day.day < 9):
        if bill(billing, day) or held_count:
            sent[day], held_count = deliver(billing, day)
    assert (sum(sent.values()), held_count) == (24, 0)
    assert all(day.isoweekday() < 6 for day, count in sent.items() if count)
    lines = numbers(billing, "select policy_term_id, installment_number from invoice_line")
    assert len(lines) == len(set(lines)) == 24
    assert ("next_open_day", date(2025, 1, 7)) in numbers(billing, BILLED)
    assert ("hold_sending", date(2025, 1, 1)) in numbers(billing, BILLED)
    assert broken_invariants(billing) == []
