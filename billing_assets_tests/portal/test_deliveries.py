"""The outbox: filters, decisions on several rows, one delivery with its message."""

from fastapi.testclient import TestClient

from billing_assets.wiring.desk import Desk


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
