"""The worklist of what was not billed: filters, acts on several rows, billing again."""

from datetime import timedelta
from zoneinfo import ZoneInfo

from fastapi.testclient import TestClient

from billing_assets.wiring.build import utc_now
from billing_assets.wiring.desk import Desk
from billing_assets.wiring.on_demand import OnDemandDesk
from billing_assets_tests.billed_store import BILLING_DATE, FAILED_COUNT, as_owner

MADRID = ZoneInfo("Europe/Madrid")
KEYS = ["10-1", "20-1", "30-1"]


def test_charges_are_found_by_outcome_reason_owner_and_policy(client: TestClient) -> None:
    for query, count in (
        ("", FAILED_COUNT + 1),
        ("outcome=failed", FAILED_COUNT),
        ("reason=changed_after_billing", 1),
        ("policy=POL-00000020", 1),
        ("owner=ana", 0),
        ("age=30", FAILED_COUNT + 1),
    ):
        assert client.get(f"/failures?{query}").text.count('name="row"') == count, query


def test_ticked_charges_are_given_away_and_noted(client: TestClient) -> None:
    client.post("/failures", data={"row": KEYS[:2], "act": "assign", "owner": "tax team"})
    client.post("/failures", data={"row": KEYS[0], "act": "note", "note": "row is coming"})
    page = client.get("/failures?owner=tax+team").text
    assert page.count('name="row"') == 2
    assert "row is coming" in page


def test_what_failed_is_billed_again_and_nothing_else(client: TestClient, desk: Desk) -> None:
    assert "Asked for: 3" in client.post("/failures", data={"row": KEYS, "act": "retry"}).text
    assert client.get("/failures").text.count("asked for") == 3
    refused = client.post("/failures", data={"row": KEYS[0], "act": "retry"})
    assert refused.status_code == 409
    as_owner(desk.billing, "update policy_term_version set place_code = 'ES' where policy_id % 10 = 0")
    drained = OnDemandDesk(desk.billing).drain()
    assert drained.facts["done_count"] == 3
    assert client.get("/failures").text.count('name="row"') == 1


def test_a_charge_shows_its_retries_the_next_one_and_that_it_was_given_up(
    client: TestClient, desk: Desk
) -> None:
    first = client.get("/failures").text
    assert "given up" not in first
    on_demand, at = OnDemandDesk(desk.billing), utc_now()
    assert on_demand.retry(at + timedelta(hours=1), billing_date=BILLING_DATE).facts["failed_count"] == 3
    rows = client.get("/failures?outcome=failed").text
    assert rows.count('<td class="figure">1</td>') >= FAILED_COUNT
    assert rows.count(f"{(at + timedelta(hours=5)).astimezone(MADRID):%H:%M}") == FAILED_COUNT
    for days in (1, 3, 6, 12):
        on_demand.retry(at + timedelta(days=days), billing_date=BILLING_DATE)
    assert client.get("/failures").text.count("given up") == FAILED_COUNT
    assert client.get("/failures?owner=billing+operations").text.count('name="row"') == FAILED_COUNT
    assert "agotado" in client.get("/failures", headers={"accept-language": "es"}).text


def test_a_charge_that_was_billed_meanwhile_is_refused(client: TestClient) -> None:
    answer = client.post("/failures", data={"row": ["10-1", "5-1"], "act": "retry"})
    assert answer.status_code == 409
    assert "Charge 5-1" in answer.text
    assert "Charge 10-1" not in answer.text


def test_a_place_that_is_none_is_refused(client: TestClient) -> None:
    assert client.get("/failures?after=x").status_code == 409
    assert client.get("/failures?after=failed~no_tax_rule~1~10~1").text.count('name="row"') == 3
