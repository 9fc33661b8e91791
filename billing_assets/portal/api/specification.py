"""The specification of the API (OpenAPI 3.1), completed: scopes, keys of requests, errors.

Belongs here: what is the same for all calls. Does not belong here: any call.
"""

from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel

from billing_assets.domain.api_keys import Scope
from billing_assets.portal.api.guarded_route import GuardedRoute
from billing_assets.portal.api.problem_details import MEDIA_TYPE, Problem
from billing_assets.portal.api.rules import Keeps, Rule, rule_of
from billing_assets.portal.api.shapes import Asked, Told

BASE = "/api/v1"
"""Where the API lies."""

_ABOUT = """
Bill from your own system: tell of policies and changes, read invoices, start runs, keep schedules.

Amounts are whole numbers of minor units (`_minor`: 12345 EUR is 123.45) beside their currency; dates are ISO
8601; errors are problem details (RFC 9457) with a stable `code`. Each POST has an `Idempotency-Key`: for 35
days the same request is done once and its answer given again.
"""
_ERRORS = {
    400: "The request cannot be read, or lacks its Idempotency-Key.",
    401: "No key, or one that is not known or is over.",
    403: "The key has not the scope that the call needs.",
    404: "There is no such thing, or it is of another company.",
    409: "What is asked for contradicts what is there, or the same request is being worked on.",
    410: "The month of the document was detached from the store.",
    412: "The schedule was changed meanwhile.",
    413: "The body is too large.",
    415: "The body has a media type that is not taken.",
    422: "Some values are wrong; or the Idempotency-Key was used for another request.",
    428: "If-Match is missing.",
    429: "Too many calls of this key.",
    503: "The store does not answer; nothing was done.",
}
_EVERYBODY, _OF_KEYS = (429, 503), (400, 401, 403, 404, 422, 429, 503)
_OF_POSTS = (409, 413, 415)
_KEY_PARAMETER = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": True,
    "description": "A key of yours for this request; repeat it with the same body, and it is done once.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]{1,255}$"},
    "example": "0e5f6f9c-8f2a-4b51-9d9e-3f7a2b9a7c11",
}
_REQUEST_ID = {
    "description": "The id of the request, for whoever asks later; yours, if you send one.",
    "schema": {"type": "string"},
}
_SCHEMES = {
    "apiKey": {
        "type": "http",
        "scheme": "bearer",
        "description": "A key of `billing api-keys add`, as it is, or a token.",
    },
    "oauth2": {
        "type": "oauth2",
        "flows": {
            "clientCredentials": {
                "tokenUrl": f"{BASE}/oauth/token",
                "scopes": {scope.value: scope.value.replace(":", ": ") for scope in Scope},
            }
        },
    },
}


def guarded_routes(app: FastAPI) -> list[GuardedRoute]:
    """Return the routes of the API.

    >>> guarded_routes(FastAPI())
    []
    """
    return [route for route in app.routes if isinstance(route, GuardedRoute)]


def specification(app: FastAPI) -> dict[str, Any]:
    """Return the specification of the API.

    >>> specification(FastAPI())["openapi"]
    '3.1.0'
    """
    found = get_openapi(
        title="billing_assets",
        version=version("billing-assets"),
        summary="Billing for insurers",
        description=_ABOUT.strip(),
        routes=app.routes,
        servers=[{"url": BASE}],
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
    )
    components = found.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    for form in (*_forms(Told), *_forms(Asked)):
        # FastAPI leaves the nulls out of examples, which are then not what a schema asks for.
        extra = form.model_config.get("json_schema_extra")
        if form.__name__ in schemas and isinstance(extra, dict):
            schemas[form.__name__] |= extra
    schema = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas |= {**schema.pop("$defs", {}), "Problem": schema}
    components["securitySchemes"] = _SCHEMES
    for route in guarded_routes(app):
        for method in route.methods or ():
            operation = found["paths"][route.path_format][method.lower()]
            _complete(operation, method, rule_of(route.endpoint))
    return found


def _forms(form: type[BaseModel]) -> list[type[BaseModel]]:
    """Return the forms that are made from one, and those made from them."""
    return [each for own in form.__subclasses__() for each in (own, *_forms(own))]


def _complete(operation: dict[str, Any], method: str, rule: Rule) -> None:
    """Add to an operation what its rule says, and the errors that it may end with."""
    operation["security"] = [] if rule.scope is None else [{"apiKey": []}, {"oauth2": [rule.scope.value]}]
    if rule.scope is not None:
        operation["x-required-scope"] = rule.scope.value
    if rule.keeps is not Keeps.NOTHING:
        operation.setdefault("parameters", []).append(_KEY_PARAMETER)
    statuses = set(_EVERYBODY if rule.scope is None else _OF_KEYS)
    if method in {"POST", "PUT"}:
        statuses |= {*_OF_POSTS, 400, 401, 422}
    if method == "PUT":
        statuses |= {412, 428}
    if "Invoice" in operation["operationId"] or operation["operationId"] == "listDeliveries":
        statuses.add(410)
    responses = operation["responses"]
    if method == "GET" and rule.scope is not None:
        responses["304"] = {"description": "The client has it: its If-None-Match names it."}
    for answer in responses.values():
        answer.setdefault("headers", {})["X-Request-Id"] = _REQUEST_ID
    for status in sorted(statuses):
        responses[str(status)] = _problem(status)


def _problem(status: int) -> Mapping[str, Any]:
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {"description": _ERRORS[status], "content": content, "headers": {"X-Request-Id": _REQUEST_ID}}
