"""A proof proves what the other side accepted, and nothing else."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from billing_assets.domain.delivery_proofs import DeliveryAttempt, DeliveryProof

AT = datetime(2025, 1, 31, 9, tzinfo=UTC)
REFUSED = DeliveryAttempt(
    attempt_number=1, started_at=AT, ended_at=AT, state="queued", reply_code=450, reason_code="greylisted"
)
TAKEN = DeliveryAttempt(
    attempt_number=2,
    started_at=AT + timedelta(minutes=15),
    ended_at=AT + timedelta(minutes=16),
    state="sent",
    reply_code=250,
    reason_code="accepted",
)
PROOF = DeliveryProof(
    delivery_id=7,
    document_kind="invoice",
    document_number="INV-1",
    channel="email",
    state="sent",
    recipient="anna@example.com",
    message_key="853fd815@billing.example",
    pdf_sha256="ab",
    mail_sha256="cd",
    mail_form="attached",
    is_pdf_intact=True,
    reply_text="kept",
    attempts=(REFUSED, TAKEN),
)


@pytest.mark.parametrize("is_pdf_intact", [True, None])
def test_it_was_sent_when_the_other_side_had_accepted_it(is_pdf_intact: bool | None) -> None:
    assert replace(PROOF, is_pdf_intact=is_pdf_intact).proven_at == TAKEN.ended_at


@pytest.mark.parametrize(
    "proof",
    [
        replace(PROOF, state="failed"),
        replace(PROOF, state="unknown"),
        replace(PROOF, is_pdf_intact=False),
        replace(PROOF, attempts=(REFUSED, replace(TAKEN, state="unknown"))),
        replace(PROOF, attempts=()),
    ],
    ids=["came back", "unknown", "another PDF", "decided by a person", "never tried"],
)
def test_what_was_not_accepted_is_not_proven(proof: DeliveryProof) -> None:
    assert proof.proven_at is None
