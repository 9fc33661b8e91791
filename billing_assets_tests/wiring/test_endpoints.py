"""Documents are pushed as they were issued, signed, and each with the id of its delivery."""

import json
from base64 import b64decode
from collections.abc import Iterator
from contextlib import ExitStack
from hashlib import sha256
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import text

from billing_assets.channels.mailbox import MailboxServer
from billing_assets.domain.errors import BillingError
from billing_assets.store.connection import Database
from billing_assets.wiring.build import Billing, utc_now
from billing_assets.wiring.endpoints import Endpoints
from billing_assets_tests.books import billing_over, change_channels
from billing_assets_tests.channels.api_push.samples import NEW_SECRET, OLD_SECRET, is_signed
from billing_assets_tests.channels.outbound.servers import HttpLab, Script, answering, taking
from billing_assets_tests.steps.outbox import FEBRUARY, bill_february, outbox, states, use_port

PUSHED = 4


def prepare(database: Database, home: Path) -> None:
    """Bill February; four payers have their documents pushed to one endpoint."""
    bill_february(database, home)
    for payer in range(1, PUSHED + 1):
        change_channels(database, payer, "api_push", "broker")


@pytest.fixture
def billing(database: Database, tmp_path: Path) -> Iterator[Billing]:
    with ExitStack() as stack:
        billing = billing_over(database, tmp_path, stack)
        billing.settings = billing.settings.model_copy(
            update={"push_to_loopback": True, "push_timeout_seconds": 2}
        )
        yield billing


def endpoints(billing: Billing) -> Endpoints:
    return Endpoints(billing.database, billing.settings, billing.company_code(), utc_now)


def deliver(billing: Billing, tmp_path: Path, script: Script = taking) -> HttpLab:
    """Deliver what waits, to an endpoint that plays the script, and e-mails to a mailbox."""
    with MailboxServer(tmp_path / "mailbox") as mailbox, HttpLab(script) as lab:
        endpoints(billing).set("broker", lab.url(), [NEW_SECRET, OLD_SECRET], "ana")
        use_port(billing, mailbox.port)
        billing.deliver(FEBRUARY)
    return lab


def test_a_document_is_pushed_with_its_pdf_and_its_id(billing: Billing, tmp_path: Path) -> None:
    lab = deliver(billing, tmp_path)
    assert len(lab.heard) == PUSHED
    heard = lab.heard[0]
    said = json.loads(heard.body)
    assert said["type"] == "invoice.issued"
    assert said["data"]["document"]["invoice_number"].startswith("INV-")
    pdf = said["data"]["pdf"]
    assert sha256(b64decode(pdf["content_base64"])).hexdigest() == pdf["sha256"]
    for secret in (NEW_SECRET, OLD_SECRET):
        assert is_signed(heard.headers, heard.body, secret)
    rows = [row for row in outbox(billing) if row[0] == "sent"]
    assert len(rows) >= PUSHED
    assert len({each.headers["webhook-id"] for each in lab.heard}) == PUSHED


def test_a_second_call_pushes_nothing(billing: Billing, tmp_path: Path) -> None:
    deliver(billing, tmp_path)
    assert deliver(billing, tmp_path).heard == []


def test_an_endpoint_that_is_down_is_left_alone_and_the_mail_goes_on(
    billing: Billing, tmp_path: Path
) -> None:
    lab = deliver(billing, tmp_path, answering("503 Busy"))
    assert len(lab.heard) == 3
    assert states(billing)["queued"] == PUSHED
    again = deliver(billing, tmp_path)
    assert len(again.heard) == PUSHED
    assert states(billing)["queued"] == 0
    ids = [each.headers["webhook-id"] for each in lab.heard]
    assert set(ids) < {each.headers["webhook-id"] for each in again.heard}


def test_what_is_refused_for_ever_falls_back_to_the_next_channel(billing: Billing, tmp_path: Path) -> None:
    change_channels(billing.database, 1, "api_push email", "broker")
    deliver(billing, tmp_path, answering("410 Gone"))
    before = len(list((tmp_path / "mailbox").glob("*.eml")))
    deliver(billing, tmp_path)
    assert len(list((tmp_path / "mailbox").glob("*.eml"))) == before + 1
    assert states(billing)["failed"] == PUSHED


def test_a_test_is_signed_and_holds_no_document(billing: Billing) -> None:
    with HttpLab() as lab:
        endpoints(billing).set("broker", lab.url(), [NEW_SECRET], "ana")
        assert endpoints(billing).test("broker").state == "sent"
    assert json.loads(lab.heard[0].body)["type"] == "endpoint.tested"
    assert is_signed(lab.heard[0].headers, lab.heard[0].body, NEW_SECRET)


@pytest.mark.parametrize(
    ("url", "secrets", "code"),
    [
        ("ftp://broker.example/in", [NEW_SECRET], "endpoint_url_invalid"),
        ("https://ana:secret@broker.example/in", [NEW_SECRET], "endpoint_url_invalid"),
        ("https://broker.example/in", ["short"], "push_secret_invalid"),
        ("https://broker.example/in", [], "push_secret_invalid"),
        ("https://broker.example/in", [NEW_SECRET] * 5, "push_secret_invalid"),
    ],
)
def test_what_cannot_be_used_is_not_kept(billing: Billing, url: str, secrets: list[str], code: str) -> None:
    with pytest.raises(BillingError) as caught:
        endpoints(billing).set("broker", url, secrets, "ana")
    assert caught.value.code == code
    assert endpoints(billing).listed() == []


def test_what_may_have_arrived_belongs_to_a_person_and_goes_no_other_way(
    billing: Billing, tmp_path: Path
) -> None:
    change_channels(billing.database, 1, "api_push email", "broker")
    billing.settings = billing.settings.model_copy(update={"delivery_max_attempts": 2})
    deliver(billing, tmp_path, answering("500 Fault"))
    deliver(billing, tmp_path, answering("429 Later"))
    found = [row for row in outbox(billing) if row[2] == "gave_up_after_attempts"]
    assert {(row[0], row[4]) for row in found} == {("unknown", "billing operations")}
    before = len(list((tmp_path / "mailbox").glob("*.eml")))
    deliver(billing, tmp_path)
    assert len(list((tmp_path / "mailbox").glob("*.eml"))) == before


def test_a_key_that_is_missing_costs_no_document_an_attempt(billing: Billing, tmp_path: Path) -> None:
    key = billing.settings.model_copy(update={"notification_key": SecretStr("k" * 32)})
    with HttpLab() as lab:
        Endpoints(billing.database, key, billing.company_code(), utc_now).set(
            "broker", lab.url(), [NEW_SECRET], "ana"
        )
        billing.settings = billing.settings.model_copy(update={"delivery_max_attempts": 1})
        with MailboxServer(tmp_path / "mailbox") as mailbox:
            use_port(billing, mailbox.port)
            billing.deliver(FEBRUARY)
        assert lab.heard == []
    assert states(billing)["queued"] == PUSHED


def test_a_removed_endpoint_leaves_no_secret_behind(billing: Billing) -> None:
    endpoints(billing).set("broker", "https://broker.example/in?token=abc", [NEW_SECRET], "ana")
    endpoints(billing).remove("broker", "ana")
    with billing.database.transaction() as connection:
        (row,) = connection.execute(text("select url, sealed_secrets from push_endpoint")).all()
    assert tuple(row) == ("", "")
