"""`billing run`: a date, a range, twice, dry, interrupted."""

import signal
import time
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from billing_assets.channels import mailbox as mailbox_module
from billing_assets.channels.mailbox import MailboxServer
from billing_assets.cli.day_table import BilledDay
from billing_assets.store.charge_listings import StandingCharges
from billing_assets.store.connection import Database
from billing_assets.wiring import build
from billing_assets_tests.books import add_term
from billing_assets_tests.cli.conftest import Billing, write_book

pytestmark = pytest.mark.usefixtures("book")


@pytest.mark.long
def test_a_date_is_billed_printed_checked_and_sent(ask: Callable[..., Any], mailbox: MailboxServer) -> None:
    """30 terms are due; three payers have no address, the others get a mail."""
    document = ask("run", "2024-01-31")
    (day,) = document["dates"]
    assert (day["due_count"], day["counts"]["invoiced"], day["document_count"]) == (30, 30, 30)
    assert (day["deliveries"]["sent_count"], day["deliveries"]["without_address_count"]) == (27, 3)
    assert document["invoices"][0]["currency"] == "EUR"
    assert len(mailbox.messages()) == 27


@pytest.mark.long
def test_a_second_run_bills_nothing_and_sends_nothing(
    ask: Callable[..., Any], mailbox: MailboxServer
) -> None:
    ask("run", "2024-01-31")
    (day,) = ask("run", "2024-01-31")["dates"]
    assert (day["due_count"], day["document_count"], day["deliveries"]["sent_count"]) == (0, 0, 0)
    assert len(mailbox.messages()) == 27


def test_a_second_run_says_that_nothing_is_new(billing: Billing) -> None:
    new = "Nothing new: this date was billed before; below is its report."
    assert new not in billing("run", "2024-01-31", "--no-deliver").stdout
    shown = billing("run", "2024-01-31", "--no-deliver").stdout
    assert new in shown
    assert "30 invoices, numbers" in shown


@pytest.mark.long
def test_without_delivery_it_is_said_how_to_send_as_long_as_something_waits(
    billing: Billing, mailbox: MailboxServer
) -> None:
    for _ in range(2):
        assert "send: billing deliver 2024-01-31" in billing("run", "2024-01-31", "--no-deliver").stderr
    billing("deliver", "2024-01-31")
    assert "send:" not in billing("run", "2024-01-31", "--no-deliver").stderr
    assert "send:" not in billing("run", "2024-02-01", "--until", "2024-02-02", "--no-deliver").stderr


@pytest.mark.long
def test_a_range_has_a_row_for_each_date_with_charges_and_skips_none(
    billing: Billing, mailbox: MailboxServer
) -> None:
    shown = billing("run", "2024-01-01", "--until", "2024-01-18").stdout
    rows = [line.split() for line in shown.splitlines() if line.startswith("2024-01-")]
    days = [row for row in rows if row[1] != "to"]
    assert sum(int(row[2]) for row in days) == 30
    ends = [*(row[0] for row in days), *(row[index] for row in rows if row[1] == "to" for index in (0, 2))]
    assert (min(ends), max(ends)) == ("2024-01-01", "2024-01-18")
    assert len(mailbox.messages()) == 27


def test_an_invoice_that_catches_up_several_months_is_explained(
    billing: Billing, ask: Callable[..., Any]
) -> None:
    ask("run", "2024-04-15", "--no-deliver", "--catch-up", "one_invoice")
    number = ask("invoices", "list", "--policy", "P-0003")["invoices"][0]["invoice_number"]
    shown = billing("explain", number).stdout
    assert "Line 3" in shown
    assert "Every amount and date was worked out again" in shown


def test_no_deliver_makes_documents_and_sends_nothing(ask: Callable[..., Any]) -> None:
    (day,) = ask("run", "2024-01-31", "--no-deliver")["dates"]
    assert (day["document_count"], day["deliveries"]) == (30, {})
    assert ask("deliveries")["counts"] == {}


def test_the_issuing_date_stands_on_the_invoices(ask: Callable[..., Any]) -> None:
    ask("run", "2024-01-10", "--issuing-date", "2024-01-12", "--no-deliver")
    assert {row["issue_date"] for row in ask("invoices", "list")["invoices"]} == {"2024-01-12"}


def test_a_date_after_today_on_the_invoices_is_refused_and_nothing_is_planned(
    ask: Callable[..., Any],
) -> None:
    ahead = build.utc_now().date() + timedelta(days=57)
    error = ask("run", "2024-01-10", "--issuing-date", str(ahead), "--no-deliver", code=3)["error"]
    assert error["code"] == "issue_date_ahead"
    assert ask("runs")["runs"] == []


def test_a_date_long_past_on_the_invoices_needs_a_reason_and_a_name(
    ask: Callable[..., Any], billing: Billing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("BILLING_ISSUE_ON")
    dated = ("run", "2024-01-10", "--issuing-date", "1990-01-01", "--no-deliver")
    for options in ((), ("--reason", "the auditor asked"), ("--approved-by", "Ana")):
        assert ask(*dated, *options, code=3)["error"]["code"].startswith("backdating_")
    assert ask("runs")["runs"] == []
    approval = {"reason": "the auditor asked", "approved_by": "Ana"}
    billing(*dated, "--reason", approval["reason"], "--approved-by", approval["approved_by"])
    assert ask("runs", "show", "1")["backdating"] == approval
    shown = billing("runs", "show", "1").stdout
    assert "issued on 1990-01-01: the auditor asked (approved by Ana)" in shown


def test_a_date_with_nothing_due_says_so(billing: Billing, mailbox: MailboxServer) -> None:
    shown = billing("run", "2023-05-01").stdout
    assert "2023-05-01" in shown
    assert not mailbox.messages()


def test_until_before_the_date_is_a_usage_error(billing: Billing) -> None:
    assert "lies before" in billing("run", "2024-01-31", "--until", "2024-01-01", code=2).stderr


def test_a_mail_server_that_is_away_ends_the_run_with_what_was_done(
    ask: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The invoices of that date stay, and the same command delivers them later."""
    monkeypatch.setenv("BILLING_SMTP_HOST", "127.0.0.1")
    monkeypatch.setenv("BILLING_SMTP_PORT", "1")
    document = ask("run", "2024-01-31", code=3)
    assert document["error"]["code"] == "channel_down"
    assert "the mail server 127.0.0.1:1 failed" in document["error"]["found"]
    assert "BILLING_SMTP_HOST and BILLING_SMTP_PORT" in document["error"]["todo"]
    assert document["dates"] == []
    assert len(ask("invoices", "list", "--limit", "100")["invoices"]) == 30


@pytest.mark.long
def test_a_refused_message_asks_for_a_look(
    ask: Callable[..., Any], mailbox: MailboxServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A receiver that cannot keep the first message answers 451: it waits, the rest goes out."""
    first = iter(["no/such/folder/x"])
    keep = mailbox_module.file_stem
    monkeypatch.setattr(mailbox_module, "file_stem", lambda text: next(first, "") or keep(text))
    (day,) = ask("run", "2024-01-02", code=4)["dates"]
    assert (day["deliveries"]["waiting_count"], day["deliveries"]["sent_count"]) == (
        1,
        len(mailbox.messages()),
    )
    assert ask("deliver")["sent_count"] == 1


@pytest.mark.long
def test_a_signal_ends_a_range_where_nothing_is_half_done_and_the_same_command_goes_on(
    program: Callable[..., Any], ask: Callable[..., Any]
) -> None:
    running = program("run", "2024-01-01", "--until", "2024-12-31", "--no-deliver")
    deadline = time.monotonic() + 60
    while len(ask("runs")["runs"]) < 3 and time.monotonic() < deadline:
        time.sleep(0.2)
    running.send_signal(signal.SIGINT)
    shown, said = running.communicate(timeout=60)
    assert running.returncode == 130, said
    assert "go on with the same command: billing run 2024-01-01 --until 2024-12-31 --no-deliver" in said
    runs = ask("runs", "--limit", "1000")["runs"]
    assert 3 <= len(runs) < 366
    assert "2024-01-02" in shown
    last = runs[0]["billing_date"]
    ask("run", "2024-01-01", "--until", last, "--no-deliver")
    assert {run["state"] for run in ask("runs", "--limit", "1000")["runs"]} == {"finalised"}


STANDS = {
    "outcome": "failed",
    "charge_count": 1,
    "held_on_date": "2024-02-01",
    "is_lifted": False,
    "is_under_hold": False,
}


@pytest.mark.long
def test_a_charge_that_failed_asks_for_a_look_until_it_is_billed(
    billing: Billing,
    ask: Callable[..., Any],
    store: Database,
    mailbox: MailboxServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """No tax rule is as old as the term; a second run of the date finds nothing new to bill."""
    add_term(store, "OLD-GB", effective=date(1998, 2, 1), place="GB", currency="GBP")
    # The term was put into the book past every import, which the audit rightly tells.
    monkeypatch.setattr(build.Billing, "require_clean", lambda *_: None)
    first, second = (ask("run", "2024-02-01", code=4)["dates"][0] for _ in range(2))
    assert (first["counts"]["failed"], second["due_count"], second["counts"]) == (1, 0, {})
    for day in (first, second):
        assert day["standing"] == [STANDS | {"run_id": first["run_id"]}]
    said = billing("run", "2024-02-01", code=4).stderr
    assert f"1 charge failed: billing runs charges {first['run_id']} --outcome failed" in said


@pytest.mark.long
def test_a_hold_that_is_lifted_is_told_with_the_date_that_bills_it_and_no_more_once_it_is_billed(
    billing: Billing, ask: Callable[..., Any], tmp_path: Path, mailbox: MailboxServer
) -> None:
    """The date that told of a held charge does not tell of it again: another one has to bill it."""
    path = write_book(tmp_path / "more.csv")
    path.write_text(path.read_text(encoding="utf-8").replace("501.00", "12.345"), encoding="utf-8")
    billing("import", "policies", str(path), "--mapping", str(path.with_suffix(".yaml")))
    said = billing("run", "2024-01-31", "--no-deliver", code=4).stderr
    assert "1 charge held: billing runs charges 1 --outcome held" in said
    assert "once that is put right: the run of any open day after 2024-01-31 bills them" in said
    (problem,) = ask("problems", "list", "--code", "amount_too_fine")["problems"]
    billing("problems", "close", str(problem["problem_id"]), "--note", "the row was a mistake")
    said = billing("run", "2024-01-31", "--no-deliver").stderr
    assert "1 charge of run 1 held no more: the run of any open day after 2024-01-31 bills them" in said
    assert "--outcome held" not in said.replace("policy by policy: billing runs charges 1 --outcome held", "")
    assert ask("run", "2024-02-01", "--no-deliver")["dates"][0]["due_count"] == 1
    assert "held no more" not in billing("run", "2024-01-31", "--no-deliver").stderr


def test_failed_charges_and_unsent_messages_need_a_look() -> None:
    values: dict[str, Any] = {
        "billing_date": None,
        "run_id": 1,
        "due_count": 1,
        "invoices": [],
        "document_count": 0,
    }
    assert not BilledDay(
        counts={"failed": 0}, deliveries={"sent_count": 3, "without_address_count": 1}, **values
    ).needs_a_look
    held = StandingCharges(outcome="held", charge_count=1, run_id=1, held_on_date=date(2024, 2, 1))
    assert BilledDay(counts={}, deliveries={}, standing=[held], **values).needs_a_look
    assert BilledDay(counts={}, deliveries={"unknown_count": 1}, **values).needs_a_look
