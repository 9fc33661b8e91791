"""What a partner fetches: its own documents alone, until it has them, and by the next channel after that."""

import json
from base64 import b64decode
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

import pytest

from billing_assets.channels.mailbox import MailboxServer
from billing_assets.domain.errors import BillingError
from billing_assets.store.checks import run_checks
from billing_assets.store.connection import Database
from billing_assets.store.deliveries import SqlDocumentStore
from billing_assets.wiring.build import Billing, utc_now
from billing_assets.wiring.desk import Desk
from billing_assets.wiring.key_desk import KeyDesk
from billing_assets.wiring.proof_desk import ProofDesk
from billing_assets.wiring.pull_desk import PullDesk
from billing_assets_tests.books import billing_over, change_channels
from billing_assets_tests.paid_books import rows
from billing_assets_tests.steps.outbox import FEBRUARY, bill_february, use_port

_STATES = "select channel, state, reason_code from delivery order by delivery_id"


def prepare(database: Database, home: Path) -> None:
    """Bill February; two payers are of a broker that fetches, and take e-mail else; one is of another."""
    bill_february(database, home)
    for payer, partner in ((1, "broker"), (2, "broker"), (4, "agent")):
        change_channels(database, payer, "pull email", partner)


@pytest.fixture
def billing(database: Database, tmp_path: Path) -> Iterator[Billing]:
    with ExitStack() as stack:
        yield billing_over(database, tmp_path, stack)


@pytest.fixture
def keys(billing: Billing) -> KeyDesk:
    desk = KeyDesk(billing.database, 1, billing.settings)
    desk.add("broker system", ["documents:pull"], partner_code="broker")
    return desk


def deliver(billing: Billing, tmp_path: Path) -> int:
    """Deliver what waits and return how many mails left."""
    with MailboxServer(tmp_path / "mailbox") as mailbox:
        use_port(billing, mailbox.port)
        return int(billing.deliver(FEBRUARY).facts["sent_count"])


def offenders(billing: Billing) -> list[str]:
    """Return what breaks the invariants of deliveries and statuses."""
    checks = ["I13", "I14", "I15", "I29"]
    with billing.database.transaction() as connection:
        found = run_checks(connection, at=utc_now() + timedelta(hours=1), check_ids=checks)
    return [example for each in found for example in each.examples]


def fetched(partner: PullDesk, delivery_id: int) -> tuple[dict[str, object], str]:
    """Return the document and the hash of its PDF, as a partner makes it of what it got."""
    said = json.loads(partner.document(delivery_id))
    pdf = b64decode(said["data"]["pdf"]["content_base64"])
    return said, sha256(pdf).hexdigest()


@pytest.mark.usefixtures("keys")
def test_a_document_waits_until_its_partner_says_that_it_has_it(billing: Billing, tmp_path: Path) -> None:
    deliver(billing, tmp_path)
    partner = PullDesk(billing, "broker")
    first, second = (row.delivery_id for row in partner.waiting(0, 10))
    said, digest = fetched(partner, first)
    assert said["type"] == "invoice.issued"
    assert partner.document(first) == partner.document(first)
    with pytest.raises(BillingError, match="not that of the document"):
        partner.acknowledge(first, "0" * 64)
    with pytest.raises(BillingError, match="not that of the document"):
        partner.acknowledge(second, digest)
    for _ in range(2):
        partner.acknowledge(first, digest)
    assert [row.delivery_id for row in partner.waiting(0, 10)] == [second]
    query = "select state, reason_code, attempt_count from delivery where delivery_id = :id"
    assert rows(billing.database, query, id=first) == [("sent", "accepted", 1)]
    proof = ProofDesk(Desk(billing)).proof(first)
    assert (proof.recipient, proof.message_key, proof.pdf_sha256) == ("broker", "", digest)
    assert proof.proven_at is not None
    assert offenders(billing) == []
    assert deliver(billing, tmp_path) == 0


@pytest.mark.usefixtures("keys")
def test_a_partner_sees_nobody_elses_documents(billing: Billing, tmp_path: Path) -> None:
    deliver(billing, tmp_path)
    broker = PullDesk(billing, "broker")
    number = broker.waiting(0, 1)[0].delivery_id
    for partner in (PullDesk(billing, "agent"), PullDesk(billing, "nobody")):
        assert partner.waiting(0, 10) == []
        with pytest.raises(BillingError, match="no delivery"):
            partner.document(number)
        with pytest.raises(BillingError, match="no delivery"):
            partner.acknowledge(number, fetched(broker, number)[1])


def test_without_a_key_of_the_partner_the_next_channel_is_taken(billing: Billing, tmp_path: Path) -> None:
    deliver(billing, tmp_path)
    assert {row[0] for row in rows(billing.database, _STATES)} == {"email"}


def test_what_is_not_fetched_in_time_goes_by_the_next_channel(
    billing: Billing, keys: KeyDesk, tmp_path: Path
) -> None:
    keys.add("agent system", ["documents:pull"], partner_code="agent")
    deliver(billing, tmp_path)
    assert [row[0] for row in rows(billing.database, _STATES)].count("pull") == 3
    assert billing.waiting_dates(is_due_only=True) == []
    digest = fetched(PullDesk(billing, "agent"), PullDesk(billing, "agent").waiting(0, 1)[0].delivery_id)[1]
    later = SqlDocumentStore(billing.database, lambda: utc_now() + timedelta(days=6))
    later.queue(1, FEBRUARY, "alondra.example.com")
    states = rows(billing.database, _STATES)
    assert [row for row in states if row[0] == "pull"] == [("pull", "failed", "given_up")] * 3
    with pytest.raises(BillingError, match="no delivery"):
        PullDesk(billing, "agent").acknowledge(1, digest)
    assert deliver(billing, tmp_path) == 3
    assert offenders(billing) == []


def test_a_key_names_its_partner_where_it_fetches_and_nowhere_else(keys: KeyDesk) -> None:
    for scopes, partner in ((["documents:pull"], ""), (["runs:read"], "broker"), (["documents:pull"], "B B")):
        with pytest.raises(BillingError) as refused:
            keys.add("a system", scopes, partner_code=partner)
        assert refused.value.code == "key_partner_invalid"
