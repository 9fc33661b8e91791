"""The specification: complete, with examples that are true, and the app answers as it says."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, Phase, given, settings
from jsonschema import Draft202012Validator, FormatChecker
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from billing_assets.portal.api.problem_details import STATUS
from billing_assets.portal.api.served import served_api
from billing_assets.portal.api.specification import BASE, specification
from billing_assets.wiring.desk import Desk
from billing_assets_tests.portal.api.conftest import SCHEDULE, System
from billing_assets_tests.portal.api.generated_requests import operations, requests

SPEC: dict[str, Any] = specification(served_api().routes[0].app)  # type: ignore[attr-defined]
OPERATIONS = operations(SPEC)
EACH, REQUESTS = 50, 1_000


def validator_of(schema: Mapping[str, Any]) -> Draft202012Validator:
    registry: Registry[Any] = Registry().with_resource(
        "urn:spec", Resource.from_contents(SPEC, default_specification=DRAFT202012)
    )
    rooted = json.loads(json.dumps(schema).replace('"#/components', '"urn:spec#/components'))
    return Draft202012Validator(rooted, registry=registry, format_checker=FormatChecker())


def contents_of(operation: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield where it stands, and the schema of everything that is sent or answered as JSON."""
    bodies = [("request", operation.get("requestBody", {})), *operation["responses"].items()]
    for place, body in bodies:
        for kind, content in body.get("content", {}).items():
            if (kind.endswith("json") and "ndjson" not in kind) or kind.endswith("urlencoded"):
                yield f"{operation['operationId']} {place}", content["schema"]


def resolved(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    return SPEC["components"]["schemas"][schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema


def test_every_operation_says_what_it_is() -> None:
    assert SPEC["openapi"] == "3.1.0"
    assert SPEC["servers"] == [{"url": BASE}]
    names = Counter(operation["operationId"] for _, _, operation in OPERATIONS)
    assert max(names.values()) == 1
    for method, path, operation in OPERATIONS:
        assert operation["summary"], path
        assert operation["description"], path
        assert operation["tags"], path
        assert "security" in operation, path
        assert {"429", "503"} <= set(operation["responses"]), path
        if method == "POST" and operation["security"]:
            assert "Idempotency-Key" in {each["name"] for each in operation["parameters"]}, path


def test_every_answer_has_an_example_that_is_true() -> None:
    for _, _, operation in OPERATIONS:
        for place, schema in contents_of(operation):
            found = resolved(schema)
            if "items" in found or "urlencoded" in place or "oneOf" in found or "Body_" in str(schema):
                continue
            assert found.get("examples"), place
            for shown in found["examples"]:
                validator_of(schema).validate(shown)


def test_no_amount_is_a_float_and_every_schema_is_one() -> None:
    text = json.dumps(SPEC)
    assert '"number"' not in text.replace('"name": "number"', "").replace('"number", ', "")
    for schema in SPEC["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)


def test_the_specification_is_served_to_everybody(anybody: TestClient) -> None:
    answer = anybody.get(f"{BASE}/openapi.json")
    assert (answer.status_code, answer.json()) == (200, json.loads(json.dumps(SPEC)))


def test_every_status_of_a_refusal_is_documented() -> None:
    documented = {int(status) for _, _, each in OPERATIONS for status in each["responses"]}
    assert set(STATUS.values()) <= documented


@pytest.mark.long
def test_whatever_is_sent_is_answered_as_the_specification_says(
    system: System, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No 5xx, no status, no media type and no content that is not in the specification."""
    desk.billing.settings.api_requests_per_second = 100_000
    monkeypatch.setattr("billing_assets.wiring.run_starter.RunStarter.start", lambda *_, **__: None)
    system.post("/schedules", json=SCHEDULE)
    seen: Counter[tuple[str, int]] = Counter()

    def send_all(method: str, path: str, operation: Mapping[str, Any]) -> None:
        @settings(
            max_examples=EACH,
            deadline=None,
            database=None,
            derandomize=True,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(requests(SPEC, method, path, operation))
        def sent(request: Any) -> None:
            place, query, headers, body = request
            answer = system.call(method, place, params=query, headers=headers, **body)
            seen[operation["operationId"], answer.status_code] += 1
            _require_documented(operation, answer, f"{method} {place} {query} {headers} {body}")

        sent()

    # Those without anything to draw are sent once each; the others make up for them.
    for each in OPERATIONS:
        send_all(*each)
    assert sum(seen.values()) >= REQUESTS
    reached = {name for (name, status), _ in seen.items() if status < 300}
    assert {"getInvoice", "listRuns", "getSchedule", "createPolicyBatch", "getPolicy"} <= reached


def _require_documented(operation: Mapping[str, Any], answer: Any, request: str) -> None:
    told = f"{request} -> {answer.status_code} {answer.text[:500]}"
    assert answer.status_code < 500, told
    documented = operation["responses"].get(str(answer.status_code))
    assert documented is not None, told
    if not answer.content:
        return
    kind = answer.headers["content-type"].partition(";")[0]
    assert kind in documented["content"], told
    if kind.endswith("json"):
        faults = list(validator_of(documented["content"][kind]["schema"]).iter_errors(answer.json()))
        assert not faults, f"{told}\n{faults[0].message}"
