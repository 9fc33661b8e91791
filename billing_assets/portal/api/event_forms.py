"""What a policy system tells of a policy, as the API takes it.

Belongs here: the forms of an event, and how one becomes an event of the inbox. Does not belong here: what
becomes of it (``steps.drain_policy_events``).
"""

from datetime import date
from typing import Annotated, Literal, TypeAlias

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from billing_assets.domain.errors import BillingError
from billing_assets.domain.money import CURRENCIES, plain_amount
from billing_assets.domain.policy_events import EventKind, PolicyEvent
from billing_assets.portal.api.problem_details import FieldFault, pointer_of
from billing_assets.portal.api.shapes import Asked, Currency, PolicyNumber, example

_Text: TypeAlias = Annotated[str, Field(max_length=500, pattern=r"^[^\x00]*$")]
_EventKey: TypeAlias = Annotated[
    str,
    Field(
        min_length=1,
        max_length=200,
        pattern=r"^[\x21-\x7e]+$",
        description="A key of the sender, one for each event.",
        examples=["web-7"],
    ),
]
_Version: TypeAlias = Annotated[
    int,
    Field(strict=True, ge=1, le=2**63 - 1, description="Grows with each event of a policy.", examples=[1]),
]
_Premium: TypeAlias = Annotated[int, Field(strict=True, ge=0, le=10**15, examples=[61200])]


class TermEvent(Asked):
    """A term, new or as it is now."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra=example(
            {
                "event_key": "web-7",
                "event_kind": "policy",
                "version": 1,
                "policy_number": "WEB-7",
                "payer_name": "Ana García Ruiz",
                "payer_email": "ana.garcia@example.com",
                "line_of_business": "motor",
                "place_code": "ES",
                "currency": "EUR",
                "plan_code": "monthly",
                "effective_date": "2025-03-01",
                "expiration_date": "2026-03-01",
                "premium_minor": 61200,
            }
        ),
    )

    event_key: _EventKey
    event_kind: Literal["policy"]
    version: _Version
    policy_number: PolicyNumber
    payer_key: _Text = ""
    payer_name: _Text
    payer_address_line_1: _Text = ""
    payer_address_line_2: _Text = ""
    payer_address_line_3: _Text = ""
    payer_address_line_4: _Text = ""
    payer_country_code: _Text = ""
    payer_email: _Text = ""
    payer_language: _Text = ""
    payer_group: _Text = ""
    payer_channels: _Text = ""
    payer_endpoint: _Text = ""
    product_code: _Text = ""
    line_of_business: _Text
    place_code: _Text
    currency: Currency
    plan_code: _Text
    effective_date: date
    expiration_date: date
    anchor_date: date | None = None
    cover_to_date: date | None = None
    contract_start_date: date | None = None
    premium_minor: Annotated[_Premium, Field(description="Premium of the whole term, before tax.")]

    @model_validator(mode="after")
    def _has_known_currency(self) -> "TermEvent":
        _require_known(self.currency)
        return self


class ChangeEvent(Asked):
    """A change of a term: an endorsement, a cancellation or a reinstatement."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra=example(
            {
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
        ),
    )

    event_key: _EventKey
    event_kind: Literal["change"]
    version: _Version
    policy_number: PolicyNumber
    effective_date: Annotated[date, Field(description="The first day of the term.")]
    change_number: Annotated[int, Field(strict=True, ge=1, le=32_767, examples=[1])]
    change_kind: Literal["endorsement", "cancellation", "reinstatement"]
    change_date: date
    currency: Currency | None = None
    premium_minor: Annotated[
        _Premium | None, Field(description="The yearly premium from then on, of the term's currency.")
    ] = None
    method: _Text = ""

    @model_validator(mode="after")
    def _says_its_currency(self) -> "ChangeEvent":
        if self.premium_minor is not None and self.currency is None:
            raise ValueError("premium_minor needs its currency")
        _require_known(self.currency)
        return self


AnyEvent: TypeAlias = Annotated[TermEvent | ChangeEvent, Field(discriminator="event_kind")]
"""An event of either kind."""

_EVENT: TypeAdapter[TermEvent | ChangeEvent] = TypeAdapter(AnyEvent)


def event_of(form: TermEvent | ChangeEvent) -> PolicyEvent:
    """Return the event of the inbox that a form says: its fields as texts, the premium as a book writes it.

    >>> form = ChangeEvent(
    ...     event_key="e1",
    ...     event_kind="change",
    ...     version=2,
    ...     policy_number="P-1",
    ...     effective_date=date(2025, 1, 1),
    ...     change_number=1,
    ...     change_kind="endorsement",
    ...     change_date=date(2025, 7, 1),
    ...     currency="JPY",
    ...     premium_minor=1200,
    ... )
    >>> event_of(form).body["premium"], "currency" in event_of(form).body
    ('1200', False)
    """
    said = form.model_dump(mode="json", exclude_none=True)
    key, kind, version = said.pop("event_key"), EventKind(said.pop("event_kind")), said.pop("version")
    premium_minor, currency = said.pop("premium_minor", None), said.get("currency", "")
    if premium_minor is not None:
        said["premium"] = plain_amount(premium_minor, currency)
    if kind is EventKind.CHANGE:
        said.pop("currency", None)
    body = {name: str(value) for name, value in said.items() if value != ""}
    return PolicyEvent(event_key=key, event_kind=kind, version=version, body=body)


def read_event(row: object) -> PolicyEvent | list[FieldFault]:
    """Return the event that a row of a batch says, or what is wrong with it.

    >>> [fault.pointer for fault in read_event({"event_kind": "coffee"})]
    ['#/']
    """
    try:
        return event_of(_EVENT.validate_python(row))
    except (ValidationError, BillingError) as error:
        if isinstance(error, BillingError):
            return [FieldFault(pointer="#/", detail=error.found)]
        return [
            FieldFault(pointer=pointer_of(("body", *fault["loc"][1:])) or "#/", detail=fault["msg"])
            if fault["loc"]
            else FieldFault(pointer="#/", detail=fault["msg"])
            for fault in error.errors(include_input=False, include_url=False)
        ]


def _require_known(currency: str | None) -> None:
    if currency is not None and currency not in CURRENCIES:
        raise ValueError("currency is none of ISO 4217")
