"""`billing deliveries`: what did not arrive is listed with why, and a person decides on it."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from getpass import getuser
from pathlib import Path
from typing import Any

import pytest

from billing_assets.channels.mailbox import MailboxServer
from billing_assets.cli.deliveries import next_words, reason_words
from billing_assets.store.delivery_listings import DeliveryRow
from billing_assets_tests.channels.email.servers import LabServer
from billing_assets_tests.cli.conftest import Billing, bill_twice

NOTE = ("--note", "found in the log")


def row(
    state: str,
    reason_code: str,
    reply_code: int = 0,
    reply_text: str = "",
    *,
    has_newer_address: bool = False,
    send_date: date | None = None,
    next_attempt_at: datetime | None = None,
) -> DeliveryRow:
    at = datetime(2025, 1, 2, tzinfo=UTC)
    return DeliveryRow(
        delivery_id=1,
        invoice_number="INV-00000001",
        billing_date=date(2025, 1, 2),
        channel="email",
        message_id="x@example.com",
        state=state,
        reason_code=reason_code,
        reply_code=reply_code,
        reply_text=reply_text,
        owner="",
        attempt_count=0 if reason_code == "no_address" else 1,
        send_date=send_date,
        next_attempt_at=next_attempt_at,
        other_way="",
        next_way="",
        has_address=True,
        has_newer_address=has_newer_address,
        queued_at=at,
        changed_at=at,
    )


@pytest.mark.parametrize(
    ("delivery", "words"),
    [
        (row("sent", "accepted", 250, "2.0.0 kept"), "250 2.0.0 kept"),
        (row("queued", ""), ""),
        (
            row("queued", "closed_day", send_date=date(2025, 1, 7)),
            "made on a closed day; 'billing deliver' sends it from 2025-01-07 on",
        ),
        (row("failed", "mailbox_full", 552), "552: the mailbox has no room"),
        (row("failed", "no_address"), "no address for a channel"),
        (row("unknown", "sender_died"), "the sender died in the middle"),
        (row("failed", "brand_new_reason"), "brand_new_reason"),
        (
            row("failed", "mailbox_unavailable", 550, has_newer_address=True),
            "550: no such mailbox, or it is closed or blocked; a newer address is known",
        ),
        (row("failed", "given_up", 550, "no"), "given up, by a decision"),
        (row("sent", "delivered_by_decision", 0), "it did arrive, as a person decided"),
    ],
)
def test_each_state_says_why(delivery: DeliveryRow, words: str) -> None:
    said = reason_words(delivery)
    assert said.startswith(words)
    assert bool(said) == bool(words)


@pytest.mark.parametrize(
    ("delivery", "words"),
    [
        (row("queued", ""), "leaves with the next 'billing deliver'"),
        (
            row("queued", "greylisted", 450, next_attempt_at=datetime(2025, 1, 2, 9, 15, tzinfo=UTC)),
            "tried again from 2025-01-02 09:15 UTC on",
        ),
        (row("queued", "closed_day", send_date=date(2025, 1, 7)), "leaves on 2025-01-07"),
        (row("failed", "no_address"), "leaves once a policy book has an address"),
        (row("unknown", "sender_died"), "a person decides"),
        (row("failed", "given_up"), "-"),
    ],
)
def test_each_state_says_what_happens_next(delivery: DeliveryRow, words: str) -> None:
    assert next_words(delivery) == words


pytestmark = pytest.mark.prepared(by=bill_twice)


def listed(ask: Callable[..., Any], *options: str) -> list[dict[str, Any]]:
    return list(ask("deliveries", "--limit", "100", *options)["undelivered"])


def test_before_anything_was_queued_it_says_so(book: Path, billing: Billing) -> None:
    assert "Nothing was queued yet" in billing("deliveries").stdout


def test_a_state_that_is_none_is_a_usage_error(billing: Billing) -> None:
    assert "queued, sending, failed, unknown" in billing("deliveries", "--state", "sent", code=2).stderr


@pytest.mark.long
def test_what_did_not_arrive_is_listed_with_its_reason_and_what_to_do(
    book: Path, billing: Billing, mailbox: MailboxServer
) -> None:
    billing("deliver")
    shown = billing("deliveries")
    assert "sent 27" in shown.stdout
    assert (
        shown.stdout.count("no address for a channel") == 1 + 3
    )  # the reason with its count, and each of them
    assert "billing deliveries resolve ID" in shown.stderr


@pytest.mark.long
def test_pages_of_the_list_follow_below_the_last_delivery(
    book: Path, billing: Billing, ask: Callable[..., Any], mailbox: MailboxServer
) -> None:
    billing("deliver")
    first = ask("deliveries", "--limit", "2")
    second = ask("deliveries", "--limit", "2", "--before", str(first["before"]))
    ids = [row["delivery_id"] for page in (first, second) for row in page["undelivered"]]
    assert len(ids) == 3
    assert ids == sorted(set(ids))
    assert second["before"] is None


@pytest.mark.long
def test_an_unknown_delivery_is_decided_by_a_person_with_a_note(
    book: Path, billing: Billing, ask: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    with LabServer("drop_after_keep") as server:
        monkeypatch.setenv("BILLING_SMTP_PORT", str(server.port))
        billing("deliver", code=4)
        first, second, *_ = [row["delivery_id"] for row in listed(ask, "--state", "unknown")]
        told = ask("deliveries", "resolve", str(first), "--as", "delivered", *NOTE)
        assert told == {
            "decision": "delivered",
            "decided_count": 1,
            "delivery_ids": [first],
            "state": "sent",
            "decided_by": getuser(),
        }
        assert "queued" in billing("deliveries", "resolve", str(second), "--as", "again", *NOTE).stdout
        server.mode = "ok"
        kept_before = len(server.kept)
        billing("deliver")
        assert len(server.kept) == kept_before + 1
    detail = ask("deliveries", "show", str(second))
    assert [row["state"] for row in detail["attempts"]] == ["unknown", "sent"]
    assert [(row["decided_by"], row["note"]) for row in detail["decisions"]] == [(getuser(), NOTE[1])]
    shown = billing("deliveries", "show", str(first)).stdout
    assert "it did arrive, as a person decided" in shown
    assert NOTE[1] in shown
    assert ask("audit", code=0)


@pytest.mark.long
def test_what_is_given_up_leaves_the_list_and_is_still_counted(
    book: Path, billing: Billing, ask: Callable[..., Any], mailbox: MailboxServer
) -> None:
    billing("deliver")
    ids = [str(row["delivery_id"]) for row in listed(ask)]
    ask("deliveries", "resolve", *ids, "--as", "given-up", "--note", "sent by post", "--by", "ana")
    assert listed(ask) == []
    document = ask("deliveries", "--all")
    assert (document["counts"]["failed"], document["given_up_count"]) == (3, 3)
    assert {str(row["delivery_id"]) for row in document["undelivered"]} == set(ids)
    assert "given up 3" in billing("deliveries").stdout
    error = ask("deliveries", "resolve", ids[0], "--as", "again", "--note", "x", code=3)["error"]
    assert error["code"] == "delivery_without_address"


@pytest.mark.long
def test_an_address_that_the_next_book_brings_sends_what_waited_for_it(
    book: Path, billing: Billing, ask: Callable[..., Any], mailbox: MailboxServer
) -> None:
    billing("deliver")
    book.write_text(book.read_text().replace("Payer 3,,", "Payer 3,found@example.com,"))
    billing("import", "policies", str(book), "--mapping", str(book.with_suffix(".yaml")))
    assert sorted(row["has_newer_address"] for row in listed(ask)) == [False, False, True]
    assert "a newer address is known" in billing("deliveries").stdout
    facts = ask("deliver")
    assert (facts["address_found_count"], facts["sent_count"]) == (1, 1)


@pytest.mark.long
def test_a_decision_needs_a_note_and_a_delivery_that_allows_it(
    book: Path, billing: Billing, ask: Callable[..., Any], mailbox: MailboxServer
) -> None:
    billing("deliver")
    codes = {
        ("1", "--as", "again", *NOTE): "delivery_sent",
        ("999", "--as", "again", *NOTE): "delivery_unknown",
        ("1", "--as", "again", "--note", " "): "note_missing",
        ("1", "--as", "again", *NOTE, "--by", "n" * 101): "name_missing",
    }
    for arguments, code in codes.items():
        assert ask("deliveries", "resolve", *arguments, code=3)["error"]["code"] == code
    assert "--note" in billing("deliveries", "resolve", "1", "--as", "again", code=2).stderr
    assert "given-up" in billing("deliveries", "resolve", "1", "--as", "sent", *NOTE, code=2).stderr
    assert ask("deliveries", "show", "999", code=3)["error"]["code"] == "delivery_unknown"
