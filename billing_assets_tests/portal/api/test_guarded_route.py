"""Every call needs its scope, is of one company, and is done once: asked of the app, route by route."""

import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import text

from billing_assets.domain.api_keys import Scope
from billing_assets.portal.api.application import RESOURCES
from billing_assets.portal.api.guarded_route import GuardedRoute
from billing_assets.portal.api.rules import Keeps, rule_of
from billing_assets.store.audit_log import AuditFilter
from billing_assets.wiring.access_desk import AccessDesk
from billing_assets.wiring.desk import Desk
from billing_assets.wiring.key_desk import KeyDesk
from billing_assets_tests.portal.api.conftest import EVERYTHING, SCHEDULE, TERM, System, SystemOf

ROUTES = [
    (method, route.path_format, rule_of(route.endpoint))
    for router in RESOURCES
    for route in router.routes
    if isinstance(route, GuardedRoute)
    for method in sorted(route.methods or ())
]
FOR_EVERYBODY = {("GET", "/health"), ("POST", "/oauth/token")}
# What each call names that is of a company: a new route with a parameter has to stand here.
OURS = {
    "policy_number": "POL-00000001",
    "number": "INV-00000001",
    "delivery_id": "1",
    "run_id": "1",
    "code": "nightly",
    "document_request_id": "1",
    "place": "1",
}
BODIES = {
    "replaceSchedule": {name: value for name, value in SCHEDULE.items() if name != "schedule_code"},
    "acknowledgeDocument": {"pdf_sha256": "0" * 64},
    "requestDocument": {"document_kind": "statement", "payer_key": "K2"},
    "pauseSchedule": {"reason": "a test"},
    "resumeSchedule": {"reason": "a test", "missed": "skip"},
}


def filled(path: str) -> str:
    return re.sub(r"\{(\w+)\}", lambda found: OURS[found[1]], path)


def test_every_route_is_guarded_and_few_are_for_everybody(app: FastAPI) -> None:
    (mounted,) = (route for route in app.routes if getattr(route, "path", "") == "/api/v1")
    paths = {getattr(route, "path", "") for route in mounted.app.routes}  # type: ignore[attr-defined]
    assert paths == {path for _, path, _ in ROUTES} | {"/openapi.json"}
    assert {(method, path) for method, path, rule in ROUTES if rule.scope is None} == FOR_EVERYBODY
    for method, path, rule in ROUTES:
        is_kept = rule.keeps is not Keeps.NOTHING
        assert is_kept is (method == "POST" and rule.scope is not None), path


def test_without_its_scope_no_call_is_let_in(system_of: SystemOf, anybody: TestClient) -> None:
    systems = {scope: system_of(*(each for each in EVERYTHING if each != scope)) for scope in map(str, Scope)}
    for method, path, rule in ROUTES:
        if rule.scope is None:
            continue
        answer = systems[rule.scope.value].call(method, filled(path))
        assert (answer.status_code, answer.json()["code"]) == (403, "scope_insufficient"), path
        assert rule.scope.value in answer.headers["www-authenticate"]
        answer = anybody.request(method, f"/api/v1{filled(path)}")
        assert (answer.status_code, answer.json()["code"]) == (401, "credential_missing"), path


NOT_IN_THE_STORE = {
    "/document-requests/{document_request_id}",
    "/document-requests/{document_request_id}/documents/{place}",
    "/runs/{run_id}/certificate",
    "/documents/{delivery_id}",
    "/documents/{delivery_id}/acknowledgement",
}
"""What the small store has none of: no run of it is certified, nothing waits to be fetched, nobody asks."""


def test_what_is_of_another_company_is_not_there(system: System, foreigner: System) -> None:
    system.post("/schedules", json=SCHEDULE)
    operations = {
        (method, route.path_format): route.operation_id
        for router in RESOURCES
        for route in router.routes
        if isinstance(route, GuardedRoute)
        for method in route.methods or ()
    }
    for method, path, rule in ROUTES:
        if "{" not in path or rule.scope is None:
            continue
        body = BODIES.get(str(operations[method, path]))
        headers = {"If-Match": '"1"', "Idempotency-Key": f"foreign {path}".replace(" ", "-")}
        theirs = foreigner.call(method, filled(path), headers=headers, json=body)
        assert theirs.status_code == 404, (path, theirs.text)
        assert theirs.headers["content-type"] == "application/problem+json"
        ours = system.call(method, filled(path), headers=headers, json=body)
        assert ours.status_code not in {401, 403, 422}, (path, ours.text)
        if path not in NOT_IN_THE_STORE:
            assert ours.status_code == 200, (path, ours.text)


def test_lists_of_another_company_hold_nothing_of_ours(system: System, foreigner: System) -> None:
    for method, path, rule in ROUTES:
        if method == "GET" and "{" not in path and rule.scope is not None:
            assert foreigner.get(path).json()["items"] == [], path
    assert foreigner.get("/deliveries?invoice_number=INV-00000001").status_code == 404
    assert system.get("/invoices").json()["items"]
    order = {"mode": "preview", "policy_numbers": ["POL-00000001"], "until": "2024-06-30"}
    (answer,) = foreigner.post("/invoices:on-demand", json=order).json()["items"]
    assert answer["reason_code"] == "policy_unknown"


def test_the_same_request_is_answered_again_and_done_once(system: System, desk: Desk) -> None:
    first = system.post("/policy-events", once="a", json=TERM)
    again = system.post("/policy-events", once="a", json=TERM)
    assert (first.status_code, again.status_code) == (202, 202)
    assert first.json() == again.json() == {"event_key": "web-7", "is_new": True}
    assert again.headers["idempotency-replayed"] == "true"
    other = system.post("/policy-events", once="a", json={**TERM, "version": 2})
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    assert system.post("/policy-events", once="b", json=TERM).json()["is_new"] is False


def test_a_request_without_a_key_of_its_own_is_refused(system: System) -> None:
    for word in ("", "a b", "x" * 256):
        answer = system.call("POST", "/policy-events", headers={"Idempotency-Key": word}, json=TERM)
        assert (answer.status_code, answer.json()["code"]) == (400, "idempotency_key_missing")


def test_what_was_refused_may_be_corrected_under_the_same_key(system: System) -> None:
    wrong = system.post("/policy-events", once="a", json={**TERM, "premium_minor": 1.5})
    assert wrong.status_code == 422
    assert system.post("/policy-events", once="a", json=TERM).status_code == 202
    asked = {"billing_date": "2999-01-01"}
    assert system.post("/runs", once="b", json=asked).status_code == 422
    order = {"mode": "preview", "policy_numbers": ["POL-00000001"], "until": "2024-06-30"}
    assert system.post("/invoices:on-demand", once="b", json=order).status_code == 200


def test_keys_of_requests_belong_to_who_calls(system: System, system_of: SystemOf) -> None:
    other = system_of("policies:write")
    assert system.post("/policy-events", once="a", json=TERM).status_code == 202
    assert other.post("/policy-events", once="a", json={**TERM, "version": 2}).status_code == 202


def test_two_at_once_do_it_once(system: System, desk: Desk) -> None:
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: system.post("/schedules", once="a", json=SCHEDULE), range(4)))
    found = {answer.status_code for answer in answers}
    assert 201 in found
    assert found <= {201, 409}
    for answer in answers:
        assert answer.status_code == 201 or answer.json()["code"] == "request_in_progress"
    assert [row["schedule_code"] for row in system.get("/schedules").json()["items"]] == ["nightly"]


def test_an_answer_stands_or_falls_with_its_effect(
    system: System, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    from billing_assets.portal.api import guarded_route

    def dies(*_: object) -> None:
        raise OSError("the machine is gone")

    with monkeypatch.context() as patch:
        patch.setattr(guarded_route, "keep_answer", dies)
        crashed = system.post("/policy-events", once="a", json=TERM)
    assert (crashed.status_code, crashed.json()["code"]) == (500, "crashed")
    assert "machine" not in crashed.text
    assert system.get("/policy-events").json()["items"] == []
    assert system.post("/policy-events", once="a", json=TERM).json()["is_new"] is True


def test_one_that_was_cut_off_is_in_progress_until_its_lease_is_over(
    system: System, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    from billing_assets.portal.api import guarded_route

    order = {"mode": "issue", "policy_numbers": ["POL-00000003"], "until": "2025-02-01"}

    def dies(*_: object) -> None:
        raise OSError("the machine is gone")

    with monkeypatch.context() as patch:
        patch.setattr(guarded_route, "keep_answer", dies)
        assert system.post("/invoices:on-demand", once="a", json=order).status_code == 500
    answer = system.post("/invoices:on-demand", once="a", json=order)
    assert (answer.status_code, answer.json()["code"]) == (409, "request_in_progress")
    assert answer.headers["retry-after"] == "5"
    with desk.database.transaction() as connection:
        connection.execute(text("update api_request set started_at = started_at - interval '16 minutes'"))
    (again,) = system.post("/invoices:on-demand", once="a", json=order).json()["items"]
    assert again["reason_code"] == "nothing_due"


def test_the_log_names_the_key(system: System, keys: KeyDesk, access: AccessDesk) -> None:
    assert system.post("/schedules", json=SCHEDULE).status_code == 201
    newest = access.acts(AuditFilter(limit=1))[0]
    (key,) = keys.listed()
    assert (newest.act, newest.actor_kind) == ("add_schedule", "key")
    assert newest.actor_name == newest.signed_by == f"policy system ({key.key_code})"
