"""No domain gets more than its share of a minute, and what waits is not looked at before."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from billing_assets.channels.mailbox import MailboxServer
from billing_assets.domain.invoices import Invoice
from billing_assets.steps import pace as pacing
from billing_assets.steps.delivery_ports import PrintJob, QueuedDelivery
from billing_assets.steps.pace import WINDOW_SECONDS, DomainPace
from billing_assets.wiring.build import Billing
from billing_assets_tests.documents.samples import english as sample_invoice
from billing_assets_tests.steps.outbox import FEBRUARY, WITH_ADDRESS, bill_february, use_port

prepare = bill_february


class Time:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def pace(self, per_minute: int) -> DomainPace:
        return DomainPace(per_minute=per_minute, clock=lambda: self.now, sleep=self.sleep)


def row(number: int, email: str, invoice: Invoice) -> QueuedDelivery:
    job = PrintJob(document_id=number, template_version_id=1, invoice=invoice, pdf_sha256="")
    return QueuedDelivery(
        delivery_id=number,
        channel="email",
        message_id=f"{number}@billing.example",
        attempt_count=0,
        refused_count=0,
        to_email=email,
        endpoint_code="",
        is_doubtful=False,
        first_form=None,
        payer_id=1,
        payer_version_id=1,
        invoice_id=1,
        job=job,
    )


@given(st.lists(st.sampled_from(["a.example", "B.example", "c.example"]), max_size=40), st.integers(1, 5))
def test_each_minute_admits_its_share_of_each_domain_and_loses_nothing(
    domains: list[str], per_minute: int
) -> None:
    time, invoice = Time(), sample_invoice()
    pace = time.pace(per_minute)
    waiting = [row(number, f"x@{domain}", invoice) for number, domain in enumerate(domains)]
    sent: list[int] = []
    while waiting:
        admitted = pace.admitted(waiting)
        by_domain = [each.to_email for each in admitted]
        assert all(by_domain.count(email) <= per_minute for email in set(by_domain))
        sent += [each.delivery_id for each in admitted]
        waiting = [each for each in waiting if each not in admitted]
        assert pace.was_short or not waiting
        assert {each.to_email.rpartition("@")[2].lower() for each in waiting} <= set(pace.full_domains())
        pace.wait(lambda: None)
        assert pace.full_domains() == []
    assert sorted(sent) == list(range(len(domains)))


def test_without_a_limit_all_go_at_once() -> None:
    pace = Time().pace(0)
    rows = [row(number, "x@a.example", sample_invoice()) for number in range(9)]
    assert pace.admitted(rows) == rows
    assert not pace.was_short
    assert pace.full_domains() == []


def test_what_goes_to_an_endpoint_counts_for_no_domain() -> None:
    pace = Time().pace(1)
    pushed = [replace(row(number, "", sample_invoice()), channel="api_push") for number in range(3)]
    assert pace.admitted(pushed) == pushed


def test_who_wants_to_stop_is_heard_each_second() -> None:
    time = Time()
    pace, told = time.pace(1), []
    pace.admitted([row(1, "x@a.example", sample_invoice())])
    pace.wait(lambda: told.append(time.now))
    assert len(told) == int(WINDOW_SECONDS)


def test_a_call_lasts_until_every_domain_had_its_messages(
    billing: Billing, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pacing, "WINDOW_SECONDS", 0.4)
    billing.settings = billing.settings.model_copy(update={"delivery_per_domain_per_minute": 3})
    with MailboxServer(tmp_path / "mailbox") as mailbox:
        use_port(billing, mailbox.port)
        facts = billing.deliver(FEBRUARY).facts
        assert len(mailbox.messages()) == WITH_ADDRESS
    assert (facts["sent_count"], facts["waiting_count"]) == (WITH_ADDRESS, 0)
    with billing.database.transaction() as connection:
        found = connection.execute(text("select started_at from delivery_attempt order by 1")).scalars().all()
    assert (found[-1] - found[0]).total_seconds() >= 0.6
