"""What each resource says and does, on the real store."""

import json
from datetime import date
from typing import Any

import pytest
from fastapi.testclient import TestClient

from billing_assets.portal.api import gate
from billing_assets.portal.api.policy_events import MOST_ROWS
from billing_assets.wiring.desk import Desk
from billing_assets.wiring.policy_events import EventDesk
from billing_assets_tests.portal.api.conftest import SCHEDULE, TERM, System

SAID = {name: value for name, value in SCHEDULE.items() if name != "schedule_code"}
NUMBER = "INV-00000001"


def test_an_invoice_is_read_once_and_known_by_its_tag(system: System) -> None:
    answer = system.get(f"/invoices/{NUMBER}")
    found = answer.json()
    assert found["total_minor"] == found["net_minor"] + found["tax_minor"]
    assert sum(line["net_minor"] for line in found["lines"]) == found["net_minor"]
    assert found["payer"]["name"].startswith("Payer")
    again = system.get(f"/invoices/{NUMBER}", headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_a_pdf_is_the_same_bytes_each_time(system: System) -> None:
    first, second = (system.get(f"/invoices/{NUMBER}/pdf") for _ in range(2))
    assert first.content.startswith(b"%PDF")
    assert (first.content, first.headers["etag"]) == (second.content, second.headers["etag"])
    assert "immutable" in first.headers["cache-control"]


def test_an_explanation_is_told_in_words(system: System) -> None:
    found = system.get(f"/invoices/{NUMBER}/explanation?language=en").json()
    assert found["language"] == "en"
    assert any(result["reasons"] for section in found["sections"] for result in section["results"])
    assert system.get(f"/invoices/{NUMBER}/explanation?language=xx").status_code == 422


def test_lists_are_read_part_by_part(system: System) -> None:
    place, numbers = "/invoices?limit=10&currency=EUR", []
    while place:
        part = system.get(place).json()
        numbers += [row["invoice_number"] for row in part["items"]]
        place = part["next"]
    assert numbers == sorted(set(numbers), reverse=True)
    assert len(numbers) == len(system.get("/invoices?limit=200").json()["items"]) > 20
    for wrong in ("x", "MTc", "e30", "%C3%A9"):
        assert system.get(f"/invoices?cursor={wrong}").json()["code"] == "cursor_invalid"


def test_a_policy_has_its_terms_and_what_was_invoiced(system: System) -> None:
    found = system.get("/policies/POL-00000001").json()
    (term,), (total,) = found["terms"], found["sums"]
    (invoice,) = system.get("/invoices?policy_number=POL-00000001").json()["items"]
    assert (total["invoiced_minor"], total["balance_minor"]) == (invoice["total_minor"],) * 2
    assert term["premium_minor"] > 0
    assert "name" not in json.dumps(found)
    assert system.get("/policies/POL-00000007").json()["terms"][0]["hold_code"] == "changed_after_billing"


def test_a_policy_that_is_told_of_is_billed(system: System, desk: Desk) -> None:
    system.post("/policy-events", json=TERM)
    change = {
        "event_key": "web-8",
        "event_kind": "change",
        "version": 2,
        "policy_number": "WEB-7",
        "effective_date": "2025-03-01",
        "change_number": 1,
        "change_kind": "endorsement",
        "change_date": "2025-09-01",
        "currency": "EUR",
        "premium_minor": 72000,
    }
    assert system.post("/policy-events", json=change).status_code == 202
    EventDesk(desk.billing).drain(billing_date=date(2025, 3, 1))
    newest, first = system.get("/policy-events?policy_number=WEB-7").json()["items"]
    assert (newest["state"], first["state"]) == ("done", "done")
    assert first["invoice_numbers"] == newest["invoice_numbers"] != []
    (term,) = system.get("/policies/WEB-7").json()["terms"]
    assert term["premium_minor"] == 61200


def test_a_batch_takes_the_good_rows_and_names_the_bad(system: System) -> None:
    rows = [TERM, {**TERM, "event_key": "web-9", "premium_minor": "612.00"}, 7, {**TERM, "event_key": "w"}]
    found = system.post("/policies:batch", once="a", json=rows).json()
    assert (found["row_count"], found["added_count"], found["refused_count"]) == (4, 2, 2)
    assert [row["state"] for row in found["rows"]] == ["accepted", "refused", "refused", "accepted"]
    assert found["rows"][1]["errors"][0]["pointer"] == "#/premium_minor"
    lines = "\n".join([json.dumps(row) for row in (TERM, {**TERM, "event_key": "n"})] + ["{"])
    headers = {"Content-Type": "application/x-ndjson", "Idempotency-Key": "b"}
    found = system.call("POST", "/policies:batch", headers=headers, content=lines).json()
    assert (found["added_count"], found["known_count"], found["refused_count"]) == (1, 1, 1)


def test_a_batch_that_is_none_is_refused(system: System) -> None:
    refused: list[tuple[dict[str, Any], int]] = [
        ({"content": b"{"}, 400),
        ({"json": {"rows": []}}, 400),
        ({"content": b"a;b", "headers": {"Content-Type": "text/csv", "Idempotency-Key": "c"}}, 415),
    ]
    for more, status in refused:
        given = {"headers": {"Idempotency-Key": f"k{status}"}, **more}
        assert system.call("POST", "/policies:batch", **given).status_code == status


@pytest.mark.long
def test_ten_thousand_policies_are_one_call(system: System) -> None:
    rows = [
        {**TERM, "event_key": f"e{number}", "policy_number": f"W-{number}"} for number in range(MOST_ROWS)
    ]
    found = system.post("/policies:batch", json=rows).json()
    assert (found["added_count"], found["refused_count"]) == (MOST_ROWS, 0)
    assert system.post("/policies:batch", json=[*rows, TERM]).status_code == 413


def test_a_policy_is_billed_on_demand(system: System) -> None:
    order = {"mode": "preview", "policy_numbers": ["POL-00000003"], "until": "2025-02-01"}
    (shown,) = system.post("/invoices:on-demand", json=order).json()["items"]
    (total,) = shown["sums"]
    issue = {**order, "mode": "issue"}
    first = system.post("/invoices:on-demand", once="a", json=issue)
    (billed,) = first.json()["items"]
    assert billed["invoice_numbers"]
    numbers = [
        system.get(f"/invoices/{number}").json()["total_minor"] for number in billed["invoice_numbers"]
    ]
    assert sum(numbers) == total["total_minor"]
    assert system.post("/invoices:on-demand", once="a", json=issue).json() == first.json()
    (again,) = system.post("/invoices:on-demand", json=issue).json()["items"]
    assert (again["reason_code"], again["invoice_numbers"]) == ("nothing_due", [])


def test_a_schedule_is_kept_changed_paused_and_resumed(system: System) -> None:
    made = system.post("/schedules", json=SCHEDULE)
    assert (made.status_code, made.headers["etag"]) == (201, '"1"')
    assert system.post("/schedules", json=SCHEDULE).json()["code"] == "schedule_exists"
    assert made.headers["location"] == "/api/v1/schedules/nightly"
    changed = {**SAID, "at_times": ["07:00", "19:00"], "note": "later"}

    def put(if_match: str) -> tuple[int, str]:
        headers = {"If-Match": if_match} if if_match else {}
        answer = system.call("PUT", "/schedules/nightly", headers=headers, json=changed)
        return answer.status_code, answer.headers.get("etag", answer.json().get("code"))

    assert put("") == (428, "revision_missing")
    assert put('"1"') == (200, '"2"')
    assert put('"1"') == (412, "schedule_changed")
    assert system.get("/schedules/nightly").json()["at_times"] == ["07:00", "19:00"]
    paused = system.post("/schedules/nightly/pause", json={"reason": "migration"}).json()
    assert (paused["state"], paused["pause"]["reason"]) == ("paused", "migration")
    assert system.post("/schedules/nightly/pause", json={"reason": "x"}).json()["code"] == "already_paused"
    resume = {"reason": "done", "missed": "skip"}
    assert system.post("/schedules/nightly/resume", json=resume).json()["due_at"] == []
    assert system.post("/schedules/nightly/resume", json=resume).json()["code"] == "not_paused"
    assert system.get("/schedules/nightly").json()["state"] == "active"


def test_what_a_schedule_cannot_say_is_named(system: System) -> None:
    for change in ({"frequency_code": "sometimes"}, {"time_zone": "Mars"}, {"note": " "}, {"extra": 1}):
        answer = system.post("/schedules", json={**SCHEDULE, **change})
        assert answer.status_code == 422, answer.text


def test_deliveries_and_problems_are_listed(system: System) -> None:
    undelivered = system.get("/deliveries").json()["items"]
    assert {row["state"] for row in undelivered} == {"failed", "unknown"}
    one = undelivered[0]
    assert system.get(f"/deliveries/{one['delivery_id']}").json() == one
    (of_invoice,) = system.get(f"/deliveries?invoice_number={one['invoice_number']}").json()["items"]
    assert of_invoice == one
    assert len(system.get("/problems").json()["items"]) == 3
    assert system.get("/problems?problem_code=key_empty").json()["items"][0]["meaning"]


def test_health_needs_no_key(anybody: TestClient) -> None:
    assert anybody.get("/api/v1/health").json()["status"] == "ok"


def test_every_answer_has_its_headers_and_its_id(
    system: System, anybody: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    for answer in (system.get("/runs"), system.get("/nowhere"), anybody.delete("/api/v1/runs")):
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["content-security-policy"].startswith("default-src 'none'")
        assert answer.headers["x-request-id"]
    assert system.get("/runs", headers={"X-Request-Id": "mine-7"}).headers["x-request-id"] == "mine-7"
    assert system.get("/runs", headers={"X-Request-Id": "a b"}).headers["x-request-id"] != "a b"
    assert system.get("/nowhere").json()["code"] == "path_unknown"
    assert anybody.delete("/api/v1/runs").json()["code"] == "method_unsupported"
    monkeypatch.setattr(gate, "LARGEST_BODY", 100)
    assert system.post("/policy-events", json=TERM).json()["code"] == "body_too_large"
    streamed = system.call(
        "POST", "/policy-events", headers={"Idempotency-Key": "s"}, content=iter([b" " * 80] * 2)
    )
    assert streamed.status_code == 413


def test_the_log_names_routes_and_no_policy(system: System, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO", logger="billing_assets.portal.api.gate"):
        system.get("/policies/POL-00000001")
    assert "/policies/{policy_number} 200" in caplog.text
    assert "POL-00000001" not in "".join(
        record.getMessage() for record in caplog.records if record.name.startswith("billing_assets")
    )
    answer = system.post("/policy-events", json={**TERM, "version": "secret-name"})
    assert "secret-name" not in answer.text
