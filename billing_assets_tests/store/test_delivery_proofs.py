"""A document goes by the channels that law demands, and its proof says what was handed over and when."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import date
from hashlib import sha256
from pathlib import Path

import pytest
from sqlalchemy import text

from billing_assets.domain.deliveries import DeliveryState, SendResult, webhook_id_of
from billing_assets.domain.delivery_proofs import DeliveryProof
from billing_assets.domain.errors import BillingError
from billing_assets.domain.required_channels import required_channels_from
from billing_assets.steps.delivery_ports import Carried, Finished, PrintedInvoice, QueuedDelivery, Which
from billing_assets.store.companies import save_company
from billing_assets.store.connection import Database
from billing_assets.wiring.build import Billing
from billing_assets.wiring.desk import Desk
from billing_assets.wiring.proof_desk import ProofDesk
from billing_assets_tests.books import AT, COMPANY, billing_over, change_address, change_channels, fill_book
from billing_assets_tests.steps.outbox import broken_invariants

FEBRUARY = date(2024, 2, 1)
TAKEN = SendResult(state=DeliveryState.SENT, reply_code=250, reason_code="accepted", reply_text="kept")
REFUSED = replace(TAKEN, state=DeliveryState.FAILED, reply_code=550, reason_code="mailbox_unavailable")
PDF = b"%PDF-1.7"
ALL = Which(channels=("email", "api_push", "print_post"))
RULES = {"invoice": ["email", "print_post"], "notice_of_cancellation": ["api_push"]}


def demand(database: Database, rules: dict[str, list[str]]) -> None:
    with database.transaction() as connection:
        save_company(connection, replace(COMPANY, required_channels=required_channels_from(rules)), AT)


def prepare(database: Database, home: Path) -> None:
    """Bill four policies of a company whose invoices have to go by e-mail or else by post."""
    fill_book(database, 4)
    demand(database, RULES)
    with ExitStack() as stack:
        billing = billing_over(database, home, stack)
        billing.invoice(billing.order(FEBRUARY))
        billing.documents.make_documents(1, FEBRUARY)
    change_channels(database, 1, "api_push print_post")
    change_address(database, 3, "")


@pytest.fixture
def billing(database: Database, tmp_path: Path) -> Iterator[Billing]:
    with ExitStack() as stack:
        yield billing_over(database, tmp_path, stack)


def queue(billing: Billing) -> list[str]:
    """Queue what there is; return the channel of each document, in order."""
    billing.documents.queue(1, FEBRUARY, COMPANY.message_domain)
    query = text("select channel from delivery where state = 'queued' order by document_id")
    with billing.database.transaction() as connection:
        return list(connection.execute(query).scalars())


def hand_over(billing: Billing, place: int, result: SendResult) -> int:
    """Let the document in that place come to this, with a PDF; return its delivery."""
    row: QueuedDelivery = billing.documents.next_deliveries(1, None, 0, 9, which=ALL)[place]
    digest = sha256(PDF).hexdigest()
    printed = PrintedInvoice(
        document_id=row.job.document_id,
        language="en",
        subject="",
        text="",
        html="",
        pdf=PDF,
        pdf_sha256=digest,
        missing_character_count=0,
    )
    billing.documents.keep_renderings([printed])
    mail = printed.mail_sha256 if row.channel == "email" else ""
    if mail:
        billing.documents.keep_mails([printed])
    billing.documents.hand_over(None, row, Carried(pdf_sha256=digest, mail_sha256=mail))
    billing.documents.hand_over(Finished(row=row, result=result, ended_at=AT), None)
    return row.delivery_id


def proof_of(billing: Billing, delivery_id: int) -> DeliveryProof:
    return ProofDesk(Desk(billing)).proof(delivery_id)


def broken(billing: Billing) -> list[str]:
    """Return what is wrong with deliveries; the later book of this test is none that was imported."""
    return [each for each in broken_invariants(billing) if each.startswith(("delivery", "document"))]


def test_a_document_goes_by_the_first_demanded_channel_that_can_whatever_its_payer_takes(
    billing: Billing,
) -> None:
    assert queue(billing) == ["email", "email", "print_post", "email"]
    assert broken(billing) == []


def test_what_a_demanded_channel_did_not_reach_goes_on_the_next_one_of_them(billing: Billing) -> None:
    queue(billing)
    first = hand_over(billing, 0, REFUSED)
    assert Desk(billing).delivery(first).delivery.next_way == "print_post"
    assert queue(billing) == ["print_post", "email", "print_post", "email"]


def test_what_was_issued_keeps_the_rules_of_its_issue(billing: Billing) -> None:
    demand(billing.database, {"invoice": ["print_post"]})
    assert queue(billing) == ["email", "email", "print_post", "email"]


def test_a_mail_is_proven_with_its_address_its_hashes_and_the_answer(billing: Billing) -> None:
    queue(billing)
    proof = proof_of(billing, hand_over(billing, 1, TAKEN))
    assert (proof.document_kind, proof.document_number) == ("invoice", "INV-00000002")
    assert (proof.channel, proof.recipient) == ("email", "payer2@example.com")
    assert proof.message_key == Desk(billing).delivery(proof.delivery_id).delivery.message_id
    assert (proof.pdf_sha256, proof.is_pdf_intact) == (sha256(PDF).hexdigest(), True)
    assert len(proof.mail_sha256) == 64
    assert [(each.state, each.reply_code) for each in proof.attempts] == [("sent", 250)]
    assert (proof.reply_text, proof.proven_at) == ("kept", AT)


def test_a_letter_is_proven_with_its_postal_address(billing: Billing) -> None:
    queue(billing)
    proof = proof_of(billing, hand_over(billing, 2, TAKEN))
    payer = Desk(billing).invoice(proof.document_number).invoice.payer
    assert proof.recipient == ", ".join([payer.name, *payer.address_lines])
    assert (proof.channel, proof.message_key, proof.mail_sha256) == ("print_post", "", "")
    assert proof.proven_at == AT


def test_what_waits_or_was_refused_is_not_proven_and_a_pdf_that_changed_proves_nothing(
    billing: Billing,
) -> None:
    queue(billing)
    refused, taken = hand_over(billing, 0, REFUSED), hand_over(billing, 0, TAKEN)
    assert proof_of(billing, refused).proven_at is None
    waiting = proof_of(billing, taken + 1)
    assert (waiting.attempts, waiting.is_pdf_intact, waiting.proven_at) == ((), None, None)
    with billing.database.transaction() as connection:
        connection.execute(text("set local role none"))
        connection.execute(text("set local session_replication_role = replica"))
        connection.execute(text("update document set pdf = 'another'"))
    changed = proof_of(billing, taken)
    assert (changed.is_pdf_intact, changed.proven_at) == (False, None)


@pytest.mark.parametrize(
    ("channel", "recipient", "has_key"),
    [
        ("api_push", "broker-north", True),
        ("pull", "broker-north", False),
        ("portal", "payer2@example.com", False),
    ],
)
def test_a_proof_names_whom_its_channel_knows_and_a_key_only_if_the_other_side_was_told_it(
    billing: Billing, channel: str, recipient: str, has_key: bool
) -> None:
    change_channels(billing.database, 2, "api_push", "broker-north")
    queue(billing)
    pushed = hand_over(billing, 1, TAKEN)
    with billing.database.transaction() as connection:
        connection.execute(text("set local role none"))
        connection.execute(text("set local session_replication_role = replica"))
        connection.execute(text("update delivery set channel = :channel"), {"channel": channel})
    proof = proof_of(billing, pushed)
    key = webhook_id_of(Desk(billing).delivery(pushed).delivery.message_id) if has_key else ""
    assert (proof.recipient, proof.message_key) == (recipient, key)


def test_one_that_there_is_not_is_refused(billing: Billing) -> None:
    with pytest.raises(BillingError, match="delivery_unknown"):
        proof_of(billing, 99)
