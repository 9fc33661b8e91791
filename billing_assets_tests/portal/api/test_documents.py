"""A partner's system lists, fetches and acknowledges its documents by the API."""

import json
from base64 import b64decode
from hashlib import sha256

import pytest
from fastapi.testclient import TestClient

from billing_assets.store.deliveries import SqlDocumentStore
from billing_assets.wiring.build import utc_now
from billing_assets.wiring.desk import Desk
from billing_assets.wiring.key_desk import KeyDesk
from billing_assets_tests.books import change_channels
from billing_assets_tests.portal.api.conftest import System


@pytest.fixture
def partner(anybody: TestClient, keys: KeyDesk, desk: Desk) -> System:
    """The system of a broker, one of whose payers has a document that waits."""
    with desk.database.transaction() as connection:
        payer = connection.exec_driver_sql("select min(payer_id) from invoice").scalar_one()
        connection.exec_driver_sql("reset role")
        connection.exec_driver_sql("set local session_replication_role = replica")
        for table in ("delivery_decision", "delivery_attempt", "delivery"):
            connection.exec_driver_sql(f"delete from {table}")
    change_channels(desk.database, payer, "pull", "broker")
    key = keys.add("broker system", ["documents:pull"], partner_code="broker")[1]
    store = SqlDocumentStore(desk.database, utc_now)
    store.make_documents(desk.company_id, None)
    store.queue(desk.company_id, None, "alondra.example.com")
    return System(anybody, key)


def test_a_document_is_listed_fetched_and_acknowledged_once(partner: System) -> None:
    (waiting, *_) = partner.get("/documents").json()["items"]
    number = waiting["delivery_id"]
    fetched = partner.get(f"/documents/{number}")
    assert fetched.headers["content-type"] == "application/json"
    assert fetched.json()["data"]["document"]["invoice_number"] == waiting["invoice_number"]
    digest = sha256(b64decode(fetched.json()["data"]["pdf"]["content_base64"])).hexdigest()
    wrong = partner.post(f"/documents/{number}/acknowledgement", json={"pdf_sha256": "0" * 64})
    assert (wrong.status_code, wrong.json()["code"]) == (409, "content_differs")
    for _ in range(2):
        word = partner.post(f"/documents/{number}/acknowledgement", json={"pdf_sha256": digest})
        assert word.json() == {"delivery_id": number, "state": "sent"}
    assert number not in [row["delivery_id"] for row in partner.get("/documents").json()["items"]]
    assert partner.get(f"/documents/{number}").status_code == 404


def test_another_key_fetches_nothing(partner: System, keys: KeyDesk, system: System) -> None:
    number = partner.get("/documents").json()["items"][0]["delivery_id"]
    other = System(partner.client, keys.add("other system", ["documents:pull"], partner_code="other")[1])
    assert other.get("/documents").json()["items"] == []
    assert other.get(f"/documents/{number}").status_code == 404
    assert "Payer" not in json.dumps(partner.get("/documents").json())
    assert system.get("/documents").json()["items"] == []
