"""What an error of the API looks like: problem details of RFC 9457, with the code of the refusal.

Belongs here: the form, and which refusal has which status. Does not belong here: the words of a refusal
(where it is raised).

A problem names the code or number that it is about, and repeats nothing else that was sent: it may be
somebody's name.
"""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from types import MappingProxyType

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.exc import DataError
from starlette.exceptions import HTTPException

from billing_assets.domain.errors import BillingError

MEDIA_TYPE = "application/problem+json"

STATUS: Mapping[str, int] = MappingProxyType(
    {
        "credential_missing": 401,
        "credential_refused": 401,
        "scope_insufficient": 403,
        "scope_not_given": 400,
        "scope_unknown": 400,
        "grant_unsupported": 400,
        "idempotency_key_missing": 400,
        "body_malformed": 400,
        "cursor_invalid": 400,
        "certificate_missing": 404,
        "month_away": 410,
        "schedule_changed": 412,
        "revision_missing": 428,
        "body_too_large": 413,
        "media_type_unsupported": 415,
        "rate_exceeded": 429,
        "store_unreachable": 503,
        "store_not_ready": 503,
        "store_busy": 503,
        "idempotency_key_reused": 422,
        "activity_unknown": 422,
        "status_kind_unknown": 422,
        "request_payer_unknown": 422,
        "language_unknown": 422,
        "currency_unknown": 422,
        "template_name_unknown": 422,
        "template_name_inactive": 422,
        "selection_unknown": 422,
        "note_missing": 422,
        "name_missing": 422,
        "pause_over": 422,
        "date_too_far": 422,
        "backdating_unasked": 422,
        "business_date_far_back": 422,
        "policies_too_many": 422,
    }
)
"""Code -> status; what is not here goes by the end of its code, else it is a conflict."""

_BY_END = (("_unknown", 404), ("_invalid", 422), ("_malformed", 422), ("_unclear", 422), ("_too_far", 422))
_CONFLICT = 409


class FieldFault(BaseModel):
    """What is wrong with one value of a request."""

    pointer: str = Field(description="JSON pointer into the body, or the name of a parameter, as #/version")
    detail: str = Field(description="What is wrong, without the value.")


class Problem(BaseModel):
    """An error (RFC 9457)."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "type": "urn:billing:invoice_unknown",
                    "title": "Not Found",
                    "status": 404,
                    "detail": "there is no invoice INV-00000042: 'billing invoices list' shows what there is",
                    "instance": "urn:billing:request:4b0c7c3e",
                    "code": "invoice_unknown",
                }
            ]
        }
    )

    type: str = Field(description="urn:billing: and the code")
    title: str = Field(description="The words of the status.")
    status: int
    detail: str = Field(description="What was wrong, and what to do.")
    instance: str = Field(description="urn:billing:request: and the id of the request, as in X-Request-Id")
    code: str = Field(description="Stable; programs go by it.")
    errors: list[FieldFault] | None = Field(default=None, description="What is wrong, value by value.")
    error: str | None = Field(default=None, description="Of /oauth/token: the code of RFC 6749.")


class ProblemError(BillingError):
    """A refusal with headers, or with what is wrong field by field."""

    def __init__(
        self,
        code: str,
        found: str,
        todo: str,
        *,
        headers: Mapping[str, str] | None = None,
        errors: Sequence[FieldFault] = (),
    ) -> None:
        """Refuse a call; ``headers`` go with the answer."""
        super().__init__(code, found, todo)
        self.headers = dict(headers or {})
        self.errors = tuple(errors)


def status_of(code: str) -> int:
    """Return the status of a refusal.

    >>> status_of("invoice_unknown"), status_of("schedule_exists"), status_of("schedule_invalid")
    (404, 409, 422)
    """
    by_end = next((status for end, status in _BY_END if code.endswith(end)), _CONFLICT)
    return STATUS.get(code, by_end)


def problem(
    request_id: str,
    status: int,
    code: str,
    detail: str,
    *,
    headers: Mapping[str, str] | None = None,
    errors: Sequence[FieldFault] = (),
) -> JSONResponse:
    """Return the answer for an error.

    >>> problem("r1", 404, "invoice_unknown", "there is none").status_code
    404
    """
    found = Problem(
        type=f"urn:billing:{code}",
        title=HTTPStatus(status).phrase,
        status=status,
        detail=detail,
        instance=f"urn:billing:request:{request_id}",
        code=code,
        errors=list(errors) or None,
    )
    content = found.model_dump(exclude_none=True)
    return JSONResponse(content, status, headers=dict(headers or {}), media_type=MEDIA_TYPE)


def request_id_of(request: Request) -> str:
    """Return the id that the request was given.

    >>> request_id_of(Request({"type": "http", "state": {"request_id": "r1"}}))
    'r1'
    """
    return str(getattr(request.state, "request_id", ""))


def refused(request: Request, error: Exception) -> JSONResponse:
    """Answer a refusal of the program.

    >>> asked = Request({"type": "http", "state": {}})
    >>> refused(asked, BillingError("run_unknown", "there is no run 7", "look")).status_code
    404
    """
    if not isinstance(error, BillingError):
        raise error
    headers = error.headers if isinstance(error, ProblemError) else {}
    status = status_of(error.code)
    if status == HTTPStatus.SERVICE_UNAVAILABLE or error.code == "request_in_progress":
        headers = {"Retry-After": "5", **headers}
    if status == HTTPStatus.UNAUTHORIZED:
        headers = {"WWW-Authenticate": 'Bearer realm="billing"', **headers}
    return problem(
        request_id_of(request),
        status,
        error.code,
        f"{error.found}: {error.todo}",
        headers=headers,
        errors=error.errors if isinstance(error, ProblemError) else (),
    )


def invalid(request: Request, error: Exception) -> JSONResponse:
    """Answer a request that is not as the specification has it.

    >>> invalid(Request({"type": "http", "state": {}}), RequestValidationError([])).status_code
    422
    """
    if not isinstance(error, RequestValidationError):
        raise error
    found = error.errors()
    if any(fault["type"] == "json_invalid" for fault in found):
        return problem(request_id_of(request), 400, "body_malformed", "the body is not JSON: send JSON")
    return problem(
        request_id_of(request),
        422,
        "request_invalid",
        "some values are not as the specification has them: correct what 'errors' names",
        errors=[FieldFault(pointer=pointer_of(fault["loc"]), detail=str(fault["msg"])) for fault in found],
    )


def pointer_of(place: Sequence[int | str]) -> str:
    """Return where a value stands, from where pydantic found it.

    >>> pointer_of(("body", "terms", 0)), pointer_of(("query", "limit"))
    ('#/terms/0', 'limit')
    """
    head, *rest = place or ("body",)
    if head != "body":
        return "/".join(str(part) for part in rest)
    return "#" + "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in rest)


def unroutable(request: Request, error: Exception) -> JSONResponse:
    """Answer what leads nowhere, or a method that is not there.

    >>> unroutable(Request({"type": "http", "state": {}}), HTTPException(404)).status_code
    404
    """
    if not isinstance(error, HTTPException):
        raise error
    codes = {404: "path_unknown", 405: "method_unsupported", 413: "body_too_large", 400: "body_malformed"}
    code = codes.get(error.status_code, "request_refused")
    detail = f"{HTTPStatus(error.status_code).phrase.lower()}: /openapi.json says what there is"
    return problem(request_id_of(request), error.status_code, code, detail, headers=error.headers)


def unusable(request: Request, error: Exception) -> JSONResponse:
    """Answer a value that the store cannot hold, such as a text with a zero byte or a number out of range.

    >>> unusable(Request({"type": "http", "state": {}}), DataError("", {}, ValueError())).status_code
    422
    """
    if not isinstance(error, (DataError, UnicodeError)):
        raise error
    detail = "a text holds a character that cannot be kept, or a number is out of range: correct it"
    return problem(request_id_of(request), 422, "value_invalid", detail)
