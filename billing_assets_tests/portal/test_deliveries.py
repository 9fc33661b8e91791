"""The outbox: filters, decisions on several rows, one delivery with its message."""

from hashlib import sha256
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from billing_assets.feeds.mail_folder import TO_READ
from billing_assets.wiring.desk import Desk
from billing_assets_tests.billed_store import as_owner


def test_deliveries_are_found_by_state_and_reason(client: TestClient) -> None:
    for query, count in (("", 3), ("state=failed", 2), ("state=unknown", 1), ("reason=no_address", 1)):
        assert client.get(f"/deliveries?{query}").text.count('name="row"') == count, query


def test_ticked_deliveries_go_out_again(client: TestClient, desk: Desk) -> None:
    form = {"row": ["1", "2"], "act": "again", "note": "the mailbox is open again"}
    assert "2 go out again" in client.post("/deliveries", data=form).text
    assert desk.delivery(1).delivery.state == "queued"


def test_one_that_cannot_be_sent_keeps_all_as_they_are(client: TestClient, desk: Desk) -> None:
    form = {"row": ["1", "2", "4"], "act": "delivered", "note": "they say so"}
    answer = client.post("/deliveries", data=form)
    assert answer.status_code == 409
    assert "its state does not allow that" in answer.text
    assert "it was sent" in answer.text
    assert desk.delivery(2).delivery.state == "unknown"


def test_a_decision_needs_a_note(client: TestClient) -> None:
    answer = client.post("/deliveries", data={"row": "1", "act": "given-up"})
    assert "Say why in the note" in answer.text


def test_one_shows_its_history_and_the_message_alone(client: TestClient) -> None:
    client.post("/deliveries", data={"row": "2", "act": "delivered", "note": "the agent says so"})
    page = client.get("/deliveries/2").text
    assert "the agent says so" in page
    assert "Message" in page
    message = client.get("/deliveries/2/message")
    assert "sandbox" in message.headers["content-security-policy"]
    assert "<html" in message.text


@pytest.mark.parametrize(
    ("channel", "words"),
    [("print_post", "a folder for the print shop"), ("api_push", "pushed to the payer&#39;s endpoint")],
)
def test_what_goes_another_way_shows_its_document_and_no_message(
    client: TestClient, desk: Desk, channel: str, words: str
) -> None:
    as_owner(desk.billing, f"update delivery set channel = '{channel}' where delivery_id = 2")
    page = client.get("/deliveries/2").text
    assert words in page
    assert "Subject" not in page
    assert "/pdf" in page


def test_what_came_back_stands_in_the_history(client: TestClient, desk: Desk) -> None:
    as_owner(
        desk.billing,
        "insert into delivery_bounce (company_id, delivery_id, attempt_number, content_sha256, action, "
        "status, reason_code, diagnostic, recorded_at) values (1, 2, 1, sha256('x'), 'failed', '5.1.1', "
        "'mailbox_unavailable', 'no such user', now())",
    )
    page = client.get("/deliveries/2").text
    assert "It came back" in page
    assert "5.1.1 no such user" in page
    spanish = client.get("/deliveries/2", headers={"accept-language": "es"}).text
    assert "Vino de vuelta" in spanish


def test_mails_that_a_person_should_read_stand_above_the_list(
    client: TestClient, desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "to-read" not in client.get("/deliveries").text
    (tmp_path / TO_READ).mkdir()
    for number in range(12):
        (tmp_path / TO_READ / f"mail-{number:02}.eml").write_bytes(b"x")
    settings = desk.billing.settings.model_copy(update={"bounce_folder": tmp_path})
    monkeypatch.setattr(desk.billing, "settings", settings)
    page = client.get("/deliveries").text
    assert "for a person to read: 12." in page
    assert "mail-09.eml, …" in page
    assert "mail-10.eml" not in page
    spanish = client.get("/deliveries", headers={"accept-language": "es"}).text
    assert "que alguien debe leer: 12." in spanish


def test_the_proof_of_sending_stands_with_the_delivery(client: TestClient, desk: Desk) -> None:
    as_owner(
        desk.billing,
        "insert into delivery_attempt (delivery_id, attempt_number, started_at, payer_version_id) "
        "select 2, 1, now(), min(payer_version_id) from payer_version",
    )
    assert "Nothing is proven" in client.get("/deliveries/2").text
    as_owner(
        desk.billing,
        "update delivery set state = 'sent', reason_code = 'accepted', reply_code = 250, owner = '', "
        "content_sha256 = sha256('x') where delivery_id = 2",
        "update delivery_attempt set state = 'sent', ended_at = now() where delivery_id = 2",
        "update document set pdf = 'x', pdf_sha256 = sha256('x'), pdf_size = 1, rendered_at = now() "
        "where document_id = (select document_id from delivery where delivery_id = 2)",
    )
    page = client.get("/deliveries/2").text
    assert "The other side accepted it on" in page
    assert sha256(b"x").hexdigest() in page
    assert "is another" not in page
    spanish = client.get("/deliveries/2", headers={"accept-language": "es"}).text
    assert "La otra parte la aceptó el" in spanish
